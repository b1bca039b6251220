"""``mkflow compile``."""

from __future__ import annotations

import os

import click

from metaflow_extensions.mkflow.compose.compiled import write_compiled
from metaflow_extensions.mkflow.compose.errors import SettingsError, by_place

from ..options import assignments, output_format, pass_session, selection
from ..render import as_json, out
from ..session import Selection, Session


@click.command("compile", epilog="Example: python flows/training.py --config settings $(mkflow compile training -b EXP_01) run")
@selection
@assignments
@output_format("text", "json")
@pass_session
def command(session: Session, selection: Selection, sets: tuple[str, ...], allow_overrides: bool, kind: str) -> None:
    """Write the compiled file of each chosen instance and print its path."""
    keys = session.keys(selection)
    session.refuse_overrides(keys, sets, allow_overrides)
    outcomes = list(session.composer(sets).outcomes(keys))
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    if problems:
        raise SettingsError(*by_place(problems))
    facts, root = session.facts, session.project.root
    written = []
    for instance in (outcome.instance for outcome in outcomes):
        assert instance is not None
        path = write_compiled(root, instance, facts.git, facts.user)
        written.append({"instance": instance.name, "fingerprint": instance.fingerprint, "file": os.path.relpath(path)})
    if kind == "json":
        as_json({"compiled": written})
        return
    for entry in written:
        out(entry["file"])
