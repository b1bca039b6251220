"""``--since REV``: which instances differ from what they were at a commit. No orchestrator is asked."""

from __future__ import annotations

import io
import pathlib
import subprocess
import tarfile
import tempfile

from metaflow_extensions.mkflow.compose.errors import MkflowError, Problem, UsageError
from metaflow_extensions.mkflow.compose.model import Key
from metaflow_extensions.mkflow.compose.pipeline import Composer, load_project


def changed_since(now: Composer, keys: list[Key], revision: str) -> list[Key]:
    """The instances whose compiled settings or code differ from a commit, or that were not there.

    Args:
        now: composes the instances as they are, without local files.
        keys: those to look at.
        revision: anything that git knows a commit by.

    Raises:
        UsageError: if git does not know the revision, or nothing differs.
    """
    with tempfile.TemporaryDirectory(prefix="mkflow-since-") as folder:
        _check_out(now.project.root, revision, pathlib.Path(folder))
        before = _composer(now, pathlib.Path(folder))
        found = [key for key in keys if _parts(now, key) != _parts(before, key)]
    if not found:
        raise UsageError(Problem(f"no instance differs from '{revision}'"))
    return found


def _check_out(root: pathlib.Path, revision: str, folder: pathlib.Path) -> None:
    command = ["git", "-C", str(root), "archive", "--format=tar", "--end-of-options", revision, "."]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip()
        raise UsageError(Problem(f"git has no files of '{revision}'", hint="--since main, or a commit", detail=words))
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        # Only what git tracks is in it; links and devices are left out all the same.
        for member in archive.getmembers():
            path = pathlib.PurePosixPath(member.name)
            if (member.isfile() or member.isdir()) and not path.is_absolute() and ".." not in path.parts:
                archive.extract(member, folder, set_attrs=False)


def _composer(now: Composer, folder: pathlib.Path) -> Composer | None:
    try:
        return Composer(load_project(folder), now.facts, local=False)
    except MkflowError:
        return None


def _parts(composer: Composer | None, key: Key) -> tuple[str, str] | None:
    """The digests of settings and code; None where the instance is not there or not right."""
    if composer is None or key.flow not in composer.project.flows or key.profile not in composer.project.profiles:
        return None
    if key.binding not in composer.project.flows[key.flow].bindings:
        return None
    instance = composer.outcome(key).instance
    return (instance.parts["settings"], instance.parts["code"]) if instance else None
