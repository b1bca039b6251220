"""``mkflow show --line FILE:LINE``: every instance and value that a line decides."""

from __future__ import annotations

import os
import pathlib

from metaflow_extensions.mkflow.compose.errors import Problem, UsageError
from metaflow_extensions.mkflow.compose.select import one_of
from metaflow_extensions.mkflow.compose.spelling import nearest
from metaflow_extensions.mkflow.compose.tree import Leaf, dotted, leaves

from .render import as_json, inline, note, out, plural, table
from .session import Selection, Session


def show_line(session: Session, selection: Selection, text: str, sets: tuple[str, ...], kind: str) -> None:
    """Print instance, path and value for each leaf that is written on the line, or refers to it.

    Raises:
        UsageError: if the text is not FILE:LINE, or the file takes part in nothing.
    """
    file, line = _parse(session, text)
    found = []
    keys = session.keys(selection, all_profiles=True)
    for outcome in session.composer(sets).outcomes(keys):
        if outcome.instance:
            found += [(outcome.key, leaf) for leaf in leaves(outcome.instance.settings) if _decides(leaf, file, line)]
    if kind == "json":
        entries = [
            {"flow": key.flow, "binding": key.binding, "profile": key.profile, "path": dotted(leaf.path), "value": leaf.value}
            for key, leaf in found
        ]
        as_json({"file": file, "line": line, "decides": entries})
        return
    if not found:
        note(f"{file}:{line} decides nothing in {plural(len(keys), 'instance')}")
        return
    out(table([(str(key), dotted(leaf.path), inline(leaf.value)) for key, leaf in found]))


def _parse(session: Session, text: str) -> tuple[str, int]:
    file, _, line = text.rpartition(":")
    if not file or not line.isdigit():
        raise UsageError(Problem(f"'{text}' is not FILE:LINE", hint="settings/settings.configuration.yaml:3"))
    root = session.project.root
    known = {entry.path for files in session.project.files.values() for entry in files} | {session.project.file}
    for start in (os.curdir, root):
        path = os.path.relpath(pathlib.Path(start, file).resolve(), root)
        if path in known:
            return path, int(line)
    raise UsageError(Problem(f"'{file}' is no settings file of this project", hint=nearest(file, known) or one_of(sorted(known))))


def _decides(leaf: Leaf, file: str, line: int) -> bool:
    return any(origin.source == file and origin.line == line for origin in (leaf.origin, *leaf.refers))

