"""A flow's graph as text, Mermaid, DOT or SVG; pure functions of what ``flow_graph`` prints."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

Graph = dict[str, Any]
"""``flow``, ``decorators`` and ``steps``, as :func:`flow_graph.graph_of` documents them."""


def decorator_text(decorator: dict[str, Any]) -> str:
    """``@retry(times=2)``."""
    attributes = ", ".join(f"{key}={_value(value)}" for key, value in decorator["attributes"].items())
    return f"@{decorator['name']}" + (f"({attributes})" if attributes else "")


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def decorator_text_lines(step: dict[str, Any]) -> list[str]:
    """The decorators of a step, a line each."""
    return [decorator_text(decorator) for decorator in step["decorators"]]


def as_text(graph: Graph) -> str:
    """The steps in order, each with where it leads and its decorators below."""
    lines = [graph["flow"], *(f"  {decorator_text(decorator)}" for decorator in graph["decorators"])]
    width = max(len(step["name"]) for step in graph["steps"])
    for step in graph["steps"]:
        arrow = {"foreach": "-> each", "split-switch": "-> one of"}.get(step["type"], "->")
        target = f"  {arrow} {', '.join(step['next'])}" if step["next"] else ""
        kind = "  (join)" if step["type"] == "join" else ""
        lines.append(f"{step['name'].ljust(width)}{target}{kind}".rstrip())
        lines += [f"    {text}" for text in decorator_text_lines(step)]
    return "\n".join(lines)


def as_mermaid(graph: Graph) -> str:
    """A Mermaid flowchart, as GitHub draws it."""
    lines = ["flowchart TD"]
    for step in graph["steps"]:
        label = "<br/>".join([step["name"], *decorator_text_lines(step)]).replace('"', "#quot;")
        lines.append(f'    {_mermaid_id(step["name"])}["{label}"]')
    for step in graph["steps"]:
        arrow = "-- each -->" if step["type"] == "foreach" else "-->"
        lines += [f"    {_mermaid_id(step['name'])} {arrow} {_mermaid_id(target)}" for target in step["next"]]
    return "\n".join(lines)


def _mermaid_id(step: str) -> str:
    """``end`` is a word of Mermaid's own."""
    return f"step_{step}"


def as_dot(graph: Graph) -> str:
    """Graphviz's language."""
    lines = [f"digraph {json.dumps(graph['flow'])} {{", "  node [shape=box];"]
    for step in graph["steps"]:
        label = "\n".join([step["name"], *decorator_text_lines(step)])
        lines.append(f"  {json.dumps(step['name'])} [label={json.dumps(label, ensure_ascii=False)}];")
    for step in graph["steps"]:
        label = ' [label="each"]' if step["type"] == "foreach" else ""
        lines += [f"  {json.dumps(step['name'])} -> {json.dumps(target)}{label};" for target in step["next"]]
    return "\n".join([*lines, "}"])


_LINE, _GAP, _CHAR = 18, 46, 7.6


def as_svg(graph: Graph) -> str:
    """A drawing in layers, from top to bottom; no program is needed for it."""
    texts = {step["name"]: [step["name"], *decorator_text_lines(step)] for step in graph["steps"]}
    sizes = {name: (max(map(len, lines)) * _CHAR + 24, len(lines) * _LINE + 16) for name, lines in texts.items()}
    rows = _rows(graph)
    width = max(sum(sizes[name][0] + 24 for name in row) for row in rows)
    places, top = {}, 12.0
    for row in rows:
        left = (width - sum(sizes[name][0] + 24 for name in row)) / 2 + 12
        for name in row:
            places[name] = (left, top)
            left += sizes[name][0] + 24
        top += max(sizes[name][1] for name in row) + _GAP
    body = [_arrow(places, sizes, step["name"], target) for step in graph["steps"] for target in step["next"]]
    body += [_box(places[name], sizes[name], lines) for name, lines in texts.items()]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {top - _GAP + 12:.0f}" '
        f'font-family="ui-monospace, monospace" font-size="12" role="img"><title>{escape(graph["flow"])}</title>'
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#667"/></marker></defs>'
    )
    return "\n".join([head, *body, "</svg>"])


def _rows(graph: Graph) -> list[list[str]]:
    """Steps by their longest way from the first step."""
    depth = {step["name"]: 0 for step in graph["steps"]}
    for step in graph["steps"]:
        for target in step["next"]:
            depth[target] = max(depth[target], depth[step["name"]] + 1)
    rows: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name, row in depth.items():
        rows[row].append(name)
    return [row for row in rows if row]


def _arrow(places: dict[str, Any], sizes: dict[str, Any], one: str, two: str) -> str:
    x1, y1 = places[one][0] + sizes[one][0] / 2, places[one][1] + sizes[one][1]
    x2, y2 = places[two][0] + sizes[two][0] / 2, places[two][1]
    return f'<path d="M{x1:.0f} {y1:.0f}L{x2:.0f} {y2 - 2:.0f}" stroke="#667" fill="none" marker-end="url(#head)"/>'


def _box(place: tuple[float, float], size: tuple[float, float], lines: list[str]) -> str:
    x, y = place
    box = f'<rect x="{x:.0f}" y="{y:.0f}" width="{size[0]:.0f}" height="{size[1]:.0f}" rx="6" fill="#eef2f8" stroke="#667"/>'
    texts = [
        f'<text x="{x + 12:.0f}" y="{y + 20 + index * _LINE:.0f}" fill="#123" font-weight="{weight}">{escape(line)}</text>'
        for index, (line, weight) in enumerate(zip(lines, ["bold", *["normal"] * len(lines)]))
    ]
    return box + "".join(texts)
