"""TOML to nodes. ``tomllib`` gives no places, so the lines of keys are found by a second look at the text.

The place of a value is that of the first character after its ``=``; values inside an inline table or
an array have the place of the statement they stand in.
"""

from __future__ import annotations

import datetime
import re
import sys
from typing import Any

from .scalars import MOST_DIGITS
from .source import MOST_DEPTH, Refusal, Source
from .tree import Node, Origin

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_Places = dict[tuple[str, ...], tuple[tuple[int, int], tuple[int, int]]]
_TOO_LARGE = 10**MOST_DIGITS
_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_TABLE = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]")
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])[ \t]*((?:{_KEY}[ \t]*\.[ \t]*){{{MOST_DEPTH}}})", re.MULTILINE)
_STATEMENT = re.compile(rf"\s*({_DOTTED})\s*=\s*")


def read_toml(text: str, source: Source) -> Node:
    """Read TOML text; dates and times become text in ISO form, as in YAML.

    Raises:
        Refusal: with the place that the TOML parser gives.
    """
    long_key = _LONG_KEY.search(text) if text.count(".") >= MOST_DEPTH else None
    if long_key is not None:
        # The parser's memory grows with the square of the parts of a key.
        raise Refusal(f"nested more than {MOST_DEPTH} levels deep", _position(text, long_key.start(1), source))
    try:
        data = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise _syntax(str(error), text, source) from None
    except ValueError:
        # Python reads no number of 4,300 digits, and does not say where it stands.
        number = re.search(rf"[0-9_]{{{MOST_DIGITS},}}", text)
        raise _long_number(_position(text, number.start() if number else 0, source)) from None
    except RecursionError:
        lines = text.split("\n")
        deep = max(range(len(lines)), key=lambda line: lines[line].count("[") + lines[line].count("{"))
        raise Refusal(f"nested more than {MOST_DEPTH} levels deep", Origin(source.name, deep + 1, 1, source.layer)) from None
    return _node(data, (), _places(text), Origin(source.name, 1, 1, source.layer), source)


def _position(text: str, position: int, source: Source) -> Origin:
    return Origin(source.name, text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position), source.layer)


def _long_number(origin: Origin) -> Refusal:
    return Refusal(f"a number has more than {MOST_DIGITS} digits", origin, "quotes around it, if it is text")


def _syntax(message: str, text: str, source: Source) -> Refusal:
    match = re.search(r"\(at line (\d+), column (\d+)\)", message)
    line, column = (int(match[1]), int(match[2])) if match else (text.count("\n") + 1, 1)
    lines = text.split("\n")
    statement = _STATEMENT.match(lines[line - 1]) if line <= len(lines) else None
    if statement and "overwrite a value" in message:
        place = Origin(source.name, line, statement.start(1) + 1, source.layer)
        return Refusal(f"the key '{statement[1]}' stands twice in one table", place, "one of them")
    words = re.sub(r"\s*\(at .*\)$", "", message)
    # "Cannot declare ('a', 'b') twice": a key as Python writes a tuple.
    words = re.sub(r"\(('.*'),?\)", lambda key: f"'{key[1][1:-1]}'".replace("', '", "."), words)
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
        if "" in value:
            raise Refusal("a key is empty", _node("", (*path, ""), places, origin, source).key_origin)
        items = {key: _node(item, (*path, key), places, origin, source) for key, item in value.items()}
        return Node(items, origin, "", None, (), key_at)
    if isinstance(value, list):
        found = tuple(_node(item, (*path, str(index)), places, origin, source) for index, item in enumerate(value))
        return Node(found, origin, "", None, (), key_at)
    if type(value) is int and abs(value) >= _TOO_LARGE:
        raise _long_number(origin)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        value = value.isoformat()
    return Node(value, origin, "", None, (), key_at)
