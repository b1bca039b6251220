"""JSON to nodes with places. ``json`` of the standard library gives none, so only its scanner of strings is used."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in the stubs
from typing import Any

from .source import MOST_DEPTH, Refusal, Source, refuse_long_number
from .tree import Node, Origin, is_utf_8

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
_HINTS = {
    "'": "double quotes", "/": "a YAML file, for comments", "#": "a YAML file, for comments",
}  # fmt: skip


def read_json(text: str, source: Source) -> Node:
    """Read JSON text whose top is an object, or empty.

    Raises:
        Refusal: with the place of the first thing that is not JSON.
    """
    reader = _Json(text, source)
    reader.space()
    if reader.at == len(text):
        return Node({}, Origin(source.name, 1, 1, source.layer))
    node = reader.value(0)
    reader.space()
    if reader.at < len(text):
        raise Refusal("this is not JSON: something follows the end of the object", reader.origin())
    if not isinstance(node.value, dict):
        word = "a list" if isinstance(node.value, tuple) else "a single value"
        raise Refusal(f"the top of the file is {word}, not a mapping", node.origin, '{"key": "value"}')
    return node


class _Json:
    def __init__(self, text: str, source: Source) -> None:
        self.text, self.source, self.at = text, source, 0
        self.starts = [0] + [match.end() for match in re.finditer("\n", text)]

    def origin(self, position: int | None = None) -> Origin:
        position = self.at if position is None else position
        line = bisect_right(self.starts, position)
        return Origin(self.source.name, line, position - self.starts[line - 1] + 1, self.source.layer)

    def space(self) -> str:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def refuse(self, expected: str) -> Refusal:
        found = self.text[self.at : self.at + 1]
        if not found:
            return Refusal(f"this is not JSON: the file ends where {expected} is expected", self.origin())
        hint = _HINTS.get(found, "")
        if found in "}]" and self.text[: self.at].rstrip()[-1:] == ",":
            hint = "it without the comma before it"
        return Refusal(f"this is not JSON: {expected} is expected, not {found!r}", self.origin(), hint)

    def value(self, depth: int, key_at: tuple[int, int] | None = None) -> Node:
        char, origin = self.space(), self.origin()
        if depth > MOST_DEPTH:
            raise Refusal(f"nested more than {MOST_DEPTH} levels deep", origin)
        found: Any
        if char == "{":
            found = self.mapping(depth)
        elif char == "[":
            found = self.sequence(depth)
        elif char == '"':
            found = self.string()
        else:
            found = self.word()
        return Node(found, origin, "", None, (), key_at)

    def string(self) -> str:
        place = self.origin()
        try:
            found, self.at = scanstring(self.text, self.at + 1, True)
        except json.JSONDecodeError as error:
            words = error.msg.lower().removesuffix(" at")
            raise Refusal(f"this is not JSON: {words}", self.origin(error.pos)) from None
        if not is_utf_8(found):
            raise Refusal("half a surrogate pair is no character", place, "both halves, or the character itself")
        return str(found)

    def word(self) -> Any:
        for word, found in _WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return found
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise self.refuse("a value")
        refuse_long_number(match[0], self.origin())
        self.at = match.end()
        return float(match[0]) if match[1] or match[2] else int(match[0])

    def sequence(self, depth: int) -> tuple[Node, ...]:
        self.at += 1
        items: list[Node] = []
        if self.space() == "]":
            self.at += 1
            return ()
        while True:
            items.append(self.value(depth + 1))
            if self.close("]"):
                return tuple(items)

    def mapping(self, depth: int) -> dict[str, Node]:
        self.at += 1
        items: dict[str, Node] = {}
        if self.space() == "}":
            self.at += 1
            return items
        while True:
            if self.space() != '"':
                raise self.refuse("a key in double quotes")
            place = self.origin()
            key = self.string()
            if key in items:
                raise Refusal(f"the key '{key}' stands twice in one mapping", place, "one of them", items[key].key_origin)
            if not key:
                raise Refusal("a key is empty", place)
            if self.space() != ":":
                raise self.refuse("':'")
            self.at += 1
            items[key] = self.value(depth + 1, (place.line or 1, place.column or 1))
            if self.close("}"):
                return items

    def close(self, end: str) -> bool:
        """Step over ',' (False) or the closing bracket (True)."""
        char = self.space()
        if char not in (",", end) or not char:
            raise self.refuse(f"',' or '{end}'")
        self.at += 1
        return char == end
