"""Facts from outside: git, the user, versions. Each is asked for once and handed on as a value."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Mapping
from importlib.util import find_spec

from metaflow_extensions.mkflow.version import __version__

from .model import Facts, Git

NOBODY = "local"
"""The user where Metaflow finds none, as in a container."""


def read_facts(root: pathlib.Path, env: Mapping[str, str]) -> Facts:
    """All facts that composition needs; one git process at most."""
    user = user_name(env)
    return Facts(env, read_git(root), user or NOBODY, bool(user), __version__, package_version("metaflow"))


def user_name(env: Mapping[str, str]) -> str:
    """The user as Metaflow 2.19 finds it (``metaflow.util.get_username``); root does not count."""
    for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER"):
        user = env.get(name)
        if user and user != "root":
            return user
    return ""


def package_version(name: str) -> str:
    """The version of an installed package, or an empty text.

    Taken from its ``version.py``, without importing it: ``importlib.metadata`` would take 15 ms of every command.
    """
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return ""
    try:
        text = pathlib.Path(spec.origin).with_name("version.py").read_text("utf-8")
    except OSError:
        text = ""
    match = re.search(r"""^\w*version\w* *= *["']([^"']+)["']""", text, re.MULTILINE)
    return match[1] if match else _installed_version(name)


def _installed_version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def read_git(root: pathlib.Path) -> Git:
    """What git says of a folder, from one call of ``git status``; empty outside a repository.

    Works in a work tree, a detached checkout (the branch is then empty) and a shallow clone. Only
    the project folder counts for ``dirty``. The repository is the name of the folder that the
    checkout, or the main checkout of a work tree, stands in.
    """
    top = _work_tree(root)
    if top is None:
        return Git()
    import subprocess

    command = ["git", "--no-optional-locks", "-C", str(root), "status", "--porcelain=v2", "--branch", "-z", "--", "."]
    try:
        done = subprocess.run(command, capture_output=True, env={**os.environ, "LC_ALL": "C"}, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return Git()
    if done.returncode != 0:
        return Git()
    return _parse(done.stdout.decode("utf-8", "replace"), top)


def _work_tree(root: pathlib.Path) -> pathlib.Path | None:
    """The folder with ``.git`` in it; asking git outside a repository would cost a process for nothing."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)


def _parse(status: str, top: pathlib.Path) -> Git:
    branch = commit = ""
    dirty = False
    for line in status.split("\0"):
        if line.startswith("# branch.oid "):
            commit = line[13:]
        elif line.startswith("# branch.head "):
            branch = line[14:]
        elif line and not line.startswith("#"):
            dirty = True
    return Git(
        _repository(top),
        "" if branch == "(detached)" else branch,
        "" if commit == "(initial)" else commit,
        dirty,
    )


def _repository(top: pathlib.Path) -> str:
    marker = top / ".git"
    if marker.is_file():
        words = marker.read_text("utf-8", "replace").strip()
        # A work tree points to <main checkout>/.git/worktrees/<name>.
        parts = pathlib.PurePath(words.removeprefix("gitdir:").strip()).parts
        if len(parts) > 3 and parts[-2] == "worktrees" and parts[-3] == ".git":
            return parts[-4]
    return top.name
