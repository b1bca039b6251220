"""Data to text or JSON. Results go to stdout, all else to stderr; the only place that prints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from math import isfinite, isnan
from typing import Any

import click

from metaflow_extensions.mkflow.compose.errors import Problem, format_problem, printable
from metaflow_extensions.mkflow.compose.tree import Origin

VERSION = 1


def colour(stream: Any = None) -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR is set (no-color.org)."""
    stream = stream or sys.stdout
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def style(text: str, stream: Any = None, **how: Any) -> str:
    """Coloured text where colour is wanted."""
    return click.style(text, **how) if colour(stream) else text


def out(text: str = "") -> None:
    """One piece of the result."""
    click.echo(text, color=colour())


def note(text: str) -> None:
    """Something beside the result: to stderr, dim."""
    click.echo(style(printable(text), sys.stderr, dim=True), err=True, color=colour(sys.stderr))


def show_problems(problems: Iterable[Problem]) -> None:
    """Problems, each with its place and what to do, to stderr."""
    for problem in problems:
        first, *rest = format_problem(problem).split("\n")
        head = style("error:", sys.stderr, fg="red", bold=True) + first.removeprefix("error:")
        click.echo("\n".join([head, *rest]), err=True, color=colour(sys.stderr))


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as data."""
    from metaflow_extensions.mkflow.compose.tree import dotted

    return {
        "summary": problem.summary,
        "path": dotted(problem.path),
        "origins": [origin_json(origin) for origin in problem.origins],
        "hint": problem.hint,
    }


def origin_json(origin: Origin) -> dict[str, Any]:
    """A place as data; words have no line."""
    return {"file": origin.source, "line": origin.line, "column": origin.column}


def as_json(value: dict[str, Any]) -> None:
    """The result as one JSON object with its version."""
    click.echo(json.dumps(_finite({"version": VERSION, **value}), indent=2, ensure_ascii=False, default=str, allow_nan=False))


def _finite(value: Any) -> Any:
    """JSON has no infinite numbers; they are given as YAML writes them."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return inline(value) if isinstance(value, float) and not isfinite(value) else value


def one_line(text: str) -> str:
    """Text that can do nothing to a terminal, without line breaks."""
    return printable(text).replace("\n", "\\n")


def inline(value: Any) -> str:
    """A value on one line, as YAML's flow style writes it; safe on a terminal."""
    if isinstance(value, str):
        return one_line(value) if value and value == value.strip() else json.dumps(value)
    if value is None:
        return "null"
    if isinstance(value, float) and not isfinite(value):
        return ".nan" if isnan(value) else ".inf" if value > 0 else "-.inf"
    return printable(json.dumps(value, ensure_ascii=False))


def table(rows: Sequence[Sequence[str]], heading: Sequence[str] = (), indent: str = "") -> str:
    """Rows in aligned columns, two spaces apart; the last column is not padded."""
    whole = [[one_line(cell) for cell in row] for row in ([heading, *rows] if heading else rows)]
    if not whole:
        return ""
    widths = [max(len(row[column]) for row in whole) for column in range(len(whole[0]))]
    lines = []
    for index, row in enumerate(whole):
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        line = indent + "  ".join(cells).rstrip()
        lines.append(style(line, bold=True) if heading and index == 0 else line)
    return "\n".join(lines)


def plural(count: int, word: str) -> str:
    """``1 instance``, ``2 instances``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
