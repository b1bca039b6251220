"""Literal YAML in, plain data out: what the unit tests share."""

from __future__ import annotations

from typing import Any

from metaflow_extensions.mkflow.compose.errors import Problem
from metaflow_extensions.mkflow.compose.merge import merge
from metaflow_extensions.mkflow.compose.reader import read
from metaflow_extensions.mkflow.compose.source import Source
from metaflow_extensions.mkflow.compose.tree import EMPTY, Node, plain


def layer(text: str, name: str = "0.yaml") -> Node:
    return read(text.encode(), Source(name, name))


def fold(*texts: str) -> tuple[Node, list[Problem]]:
    """Merge YAML texts, lowest first; they are called 0.yaml, 1.yaml, ..."""
    problems: list[Problem] = []
    merged = EMPTY
    for number, text in enumerate(texts):
        merged = merge(merged, layer(text, f"{number}.yaml"), problems)
    return merged, problems


def value(*texts: str) -> Any:
    """What the texts merge to, without a problem."""
    merged, problems = fold(*texts)
    assert not problems, problems
    return plain(merged)


def refusal(*texts: str) -> tuple[str, list[str]]:
    """The one problem of a merge: summary and places."""
    _, problems = fold(*texts)
    (problem,) = problems
    return problem.summary, [str(origin) for origin in problem.origins]
