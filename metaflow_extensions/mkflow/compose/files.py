"""Reading and writing of files: located errors on the way in, old or new and never half on the way out."""

from __future__ import annotations

import os
import pathlib
import stat

from .errors import OutsideError, Problem, SettingsError
from .tree import Origin


def read_file(root: pathlib.Path, path: str) -> bytes:
    """The bytes of a file of the project.

    Raises:
        SettingsError: if it cannot be read, in the system's words.
    """
    target = root / path
    try:
        # A pipe would be waited for, and a device never ends.
        if not stat.S_ISREG(target.stat().st_mode):
            raise OSError(0, "it is a folder" if target.is_dir() else "it is no regular file")
        return target.read_bytes()
    except (OSError, ValueError) as error:
        raise SettingsError(Problem(f"'{path}' cannot be read: {_words(error)}", (), (Origin(path),))) from None


def list_folder(root: pathlib.Path, path: str, missing_ok: bool = False) -> list[str]:
    """The names of all that is in a folder of the project, sorted; what is no file is told when it is read.

    Raises:
        SettingsError: if it cannot be listed; an absent one gives nothing where ``missing_ok``.
    """
    try:
        with os.scandir(root / path) as entries:
            return sorted(entry.name for entry in entries)
    except FileNotFoundError:
        if missing_ok:
            return []
        raise SettingsError(
            Problem(f"there is no folder '{path}'", (), (Origin(path),), f"mkdir {path}, or `settings:` in the project file")
        ) from None
    except (OSError, ValueError) as error:
        raise SettingsError(Problem(f"'{path}' cannot be listed: {_words(error)}", (), (Origin(path),))) from None


def write_file(root: pathlib.Path, path: str, data: bytes, mode: int = 0o600) -> pathlib.Path:
    """Write a file below ``.mkflow`` in one step, through a temporary file beside it.

    Raises:
        OutsideError: if the folder or the file cannot be written.
    """
    target = root / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        ignore = root / ".mkflow" / ".gitignore"
        if not ignore.exists():
            _replace(ignore, b"*\n", 0o644)
        _replace(target, data, mode)
    except OSError as error:
        blocking = _in_the_way(root, path)
        words = f"'{blocking}' is no folder" if blocking else _words(error)
        raise OutsideError(Problem(f"'{path}' cannot be written: {words}", (), (Origin(blocking or path),))) from None
    return target


def _in_the_way(root: pathlib.Path, path: str) -> str:
    """The first part of a path that is there and is no folder, such as a file `.mkflow`."""
    above = (str(part) for part in reversed(pathlib.PurePosixPath(path).parents))
    return next((part for part in above if os.path.lexists(root / part) and not (root / part).is_dir()), "")


def _replace(target: pathlib.Path, data: bytes, mode: int) -> None:
    # Not tempfile, which takes 4 ms to import; the process id and O_EXCL make the name our own.
    name = target.parent / f".{target.name[:40]}.{os.getpid()}.tmp"
    name.unlink(missing_ok=True)
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        name.unlink(missing_ok=True)
        raise


def _words(error: OSError | ValueError) -> str:
    """The system's words; a ValueError is a path that no system has, with a NUL in it."""
    return (getattr(error, "strerror", None) or str(error)).lower()
