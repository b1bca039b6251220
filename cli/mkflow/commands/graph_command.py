"""``mkflow graph``."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import click

from metaflow_extensions.mkflow.compose.compiled import write_compiled
from metaflow_extensions.mkflow.compose.errors import OutsideError, Problem, UsageError
from metaflow_extensions.mkflow.compose.select import some
from metaflow_extensions.mkflow.compose.tree import Origin

from ..flow_check import MOST_LINES, SECONDS
from ..graphs import as_dot, as_mermaid, as_svg, as_text
from ..options import complete_instances, output_format, pass_session
from ..render import as_json, out, plural
from ..session import Selection, Session

DRAWINGS = {"text": as_text, "mermaid": as_mermaid, "dot": as_dot, "svg": as_svg}


@click.command("graph", epilog="Examples: mkflow graph training/EXP_01@prod, mkflow graph training/EXP_01 --format mermaid")
@click.argument("selector", shell_complete=complete_instances)
@output_format("text", "mermaid", "dot", "svg", "json")
@pass_session
def command(session: Session, selector: str, kind: str) -> None:
    """Show the steps of one instance with their decorators as they will be."""
    keys = session.keys(Selection(selectors=(selector,)))
    if len(keys) > 1:
        hint = "one of " + some([str(key) for key in keys])
        raise UsageError(Problem(f"'{selector}' is {plural(len(keys), 'instance')}, and one is drawn", hint=hint))
    instance = session.composer().instance(keys[0])
    compiled = write_compiled(session.project.root, instance, session.facts.git, session.facts.user)
    graph = _graph(session, instance.flow_file, str(compiled))
    if kind == "json":
        as_json({"instance": instance.name, **graph})
    else:
        out(DRAWINGS[kind](graph))


def _graph(session: Session, file: str, compiled: str) -> dict[str, Any]:
    """The graph as a child process sees it: the flow file is the user's code."""
    command = [sys.executable, "-m", "metaflow_extensions.mkflow.compose.flow_graph", file, compiled]
    try:
        done = subprocess.run(
            command, cwd=session.project.root, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise OutsideError(Problem(f"'{file}' did not load within {SECONDS} seconds", (), (Origin(file),))) from None
    if done.returncode != 0:
        words = "\n".join(done.stderr.rstrip("\n").split("\n")[-MOST_LINES:])
        raise OutsideError(Problem(f"'{file}' does not load", (), (Origin(file),), detail=words))
    graph: dict[str, Any] = json.loads(done.stdout.rstrip("\n").rpartition("\n")[2])
    return graph
