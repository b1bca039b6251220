"""TOML to nodes. ``tomllib`` gives no places, so the lines of keys are found by a second look at the text.

The place of a value is that of the first character after its ``=``; values inside an inline table or
an array have the place of the statement they stand in.
"""

from __future__ import annotations

import datetime
import re
import sys
from typing import Any

from .reader import MOST_DEPTH, Refusal, Source
from .tree import Node, Origin

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_Places = dict[tuple[str, ...], tuple[tuple[int, int], tuple[int, int]]]
_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_TABLE = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]")
_STATEMENT = re.compile(rf"\s*({_DOTTED})\s*=\s*")


def read_toml(text: str, source: Source) -> Node:
    """Read TOML text; dates and times become text in ISO form, as in YAML.

    Raises:
        Refusal: with the place that the TOML parser gives.
    """
    try:
        data = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise _syntax(str(error), text, source) from None
    except RecursionError:
        start = Origin(source.name, 1, 1, source.layer)
        raise Refusal(f"nested more than {MOST_DEPTH} levels deep", start) from None
    return _node(data, (), _places(text), Origin(source.name, 1, 1, source.layer), source)


def _syntax(message: str, text: str, source: Source) -> Refusal:
    match = re.search(r"\(at line (\d+), column (\d+)\)", message)
    line, column = (int(match[1]), int(match[2])) if match else (text.count("\n") + 1, 1)
    words = re.sub(r"\s*\(at .*\)$", "", message)
    return Refusal(f"this is not TOML: {words[:1].lower()}{words[1:]}", Origin(source.name, line, column, source.layer))


def _parts(dotted: str) -> tuple[str, ...]:
    found = re.findall(_KEY, dotted)
    return tuple(str(tomllib.loads(f"k = {part}")["k"]) if part[0] in "\"'" else part for part in found)


def _places(text: str) -> _Places:
    places: _Places = {}
    table: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    inside = ""
    for number, line in enumerate(text.split("\n"), 1):
        if inside:
            inside = "" if inside in line else inside
            continue
        header = _TABLE.match(line)
        if header:
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            column = header.start(2) + 1
            places.setdefault(table, ((number, column), (number, column)))
            continue
        statement = _STATEMENT.match(line)
        if statement:
            path = (*table, *_parts(statement[1]))
            places[path] = ((number, statement.start(1) + 1), (number, statement.end() + 1))
            rest = line[statement.end() :]
            for quotes in ('"""', "'''"):
                if rest.startswith(quotes) and quotes not in rest[3:]:
                    inside = quotes
    return places


def _node(value: Any, path: tuple[str, ...], places: _Places, above: Origin, source: Source) -> Node:
    key_at, at = places.get(path, (None, None))
    origin = Origin(source.name, *at, source.layer) if at else above
    if len(path) > MOST_DEPTH:
        raise Refusal(f"nested more than {MOST_DEPTH} levels deep", origin)
    if isinstance(value, dict):
        items = {key: _node(item, (*path, key), places, origin, source) for key, item in value.items()}
        return Node(items, origin, "", None, (), key_at)
    if isinstance(value, list):
        found = tuple(_node(item, (*path, str(index)), places, origin, source) for index, item in enumerate(value))
        return Node(found, origin, "", None, (), key_at)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        value = value.isoformat()
    return Node(value, origin, "", None, (), key_at)
