"""The shape of each flow, read in a child process: a flow file is the user's code and may do anything."""

from __future__ import annotations

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
        if child.returncode == 0:
            shapes[name] = shape_from_json(output.rstrip("\n").rpartition("\n")[2])
        else:
            words = "\n".join(errors.rstrip("\n").split("\n")[-MOST_LINES:])
            problems[name] = Problem(f"the flow '{name}' does not load", (), (file,), detail=words)
    return shapes, problems


def _start(project: Project, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "metaflow_extensions.mkflow.compose.flow_probe", project.flows[name].file]
    return subprocess.Popen(
        command, cwd=project.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, errors="replace",
    )  # fmt: skip
