"""The shape of each flow, read in a child process: a flow file is the user's code and may do anything."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable

from metaflow_extensions.mkflow.compose.errors import Problem
from metaflow_extensions.mkflow.compose.model import Project
from metaflow_extensions.mkflow.compose.shape import FlowShape, shape_from_json
from metaflow_extensions.mkflow.compose.tree import Origin

SECONDS = 60
"""How long a flow file may take to load."""
MOST_LINES = 12


def flow_shapes(project: Project, flows: Iterable[str]) -> tuple[dict[str, FlowShape], dict[str, Problem]]:
    """Load each flow in a process of its own, several at once.

    Returns:
        The shapes of those that load, and for the others what is wrong, with Python's own words.
    """
    children = {name: _start(project, name) for name in flows}
    shapes: dict[str, FlowShape] = {}
    problems: dict[str, Problem] = {}
    for name, child in children.items():
        file = Origin(project.flows[name].file)
        try:
            output, errors = child.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            hint = "work at import moved into a step"
            problems[name] = Problem(f"the flow '{name}' did not load within {SECONDS} seconds", (), (file,), hint)
            continue
        last = output.rstrip("\n").rpartition("\n")[2]
        if child.returncode == 0 and last.startswith("{"):
            shapes[name] = shape_from_json(last)
        elif errors or child.returncode < 0:
            words = python_words(errors, project, name) or f"it was ended by signal {-child.returncode}"
            problems[name] = Problem(f"the flow '{name}' does not load", (), (file,), detail=words)
        else:
            summary = f"the flow '{name}' does not load: it ends the process, with exit status {child.returncode}"
            problems[name] = Problem(summary, (), (file,), "`if __name__ == \"__main__\":` before what is not to be done at import")
    return shapes, problems


def python_words(errors: str, project: Project, name: str) -> str:
    """What Python says of an error in a flow, from the first line of the flow's own file on."""
    lines = errors.rstrip("\n").replace(f"{project.root}{os.sep}", "").split("\n")
    lines = [line for line in lines if not line.startswith("Traceback")]
    own = next((at for at, line in enumerate(lines) if line.startswith(f'  File "{project.flows[name].file}"')), None)
    told = lines[own:] if own is not None else [line for line in lines if not line.startswith(" ")]
    return "\n".join(told[-MOST_LINES:])


def _start(project: Project, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "metaflow_extensions.mkflow.compose.flow_probe", project.flows[name].file]
    return subprocess.Popen(
        command, cwd=project.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, errors="replace",
    )  # fmt: skip
