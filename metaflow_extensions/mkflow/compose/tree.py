"""The located tree: what a settings file becomes once it is read.

A :class:`Node` is immutable. A mapping is a ``dict`` of nodes that nobody changes after it was
built, a list is a tuple of nodes, everything else is a scalar. Named tuples and not dataclasses:
a project of thousands of instances makes millions of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Union

Scalar = Union[str, int, float, bool, None]
Path = tuple[Union[str, int], ...]
Value = Union[Scalar, dict[str, "Node"], tuple["Node", ...]]

MISSING = "???"
"""The value of a setting that must be set in a higher layer (OmegaConf's convention)."""


class Origin(NamedTuple):
    """Where a value was written.

    ``source`` is a path relative to the project folder, or words such as ``--set a.b=1``; ``line``
    and ``column`` count from 1 and are absent for words; ``layer`` names the layer it belongs to.
    """

    source: str
    line: int | None = None
    column: int | None = None
    layer: str = ""

    def __str__(self) -> str:
        if self.line is None:
            return self.source
        return f"{self.source}:{self.line}:{self.column}"


class Node(NamedTuple):
    """A value with its origin.

    ``tag`` is the merge tag written at the value (without ``!``); ``replaced`` is what the next
    lower layer had here; ``refers`` are the places that a resolved reference took its value from;
    ``key_at`` is the line and column of the key, for values in a mapping.
    """

    value: Value
    origin: Origin
    tag: str = ""
    replaced: Node | None = None
    refers: tuple[Origin, ...] = ()
    key_at: tuple[int, int] | None = None

    @property
    def key_origin(self) -> Origin:
        """The place of the key, or of the value where it has none."""
        if self.key_at is None:
            return self.origin
        return Origin(self.origin.source, *self.key_at, self.origin.layer)


class Leaf(NamedTuple):
    """One line of ``mkflow show``: a path, its value and everything known about where it is from."""

    path: Path
    value: Any
    origin: Origin
    refers: tuple[Origin, ...]
    replaced: tuple[Node, ...]


EMPTY = Node({}, Origin("mkflow"))


def kind(node: Node) -> str:
    """Say in words what a node is: ``mapping``, ``list``, ``null``, ``reference`` or ``scalar``."""
    value = node.value
    if type(value) is dict:
        return "mapping"
    if type(value) is tuple:
        return "list"
    if value is None:
        return "null"
    if type(value) is str and "${" in value and is_whole_reference(value):
        return "reference"
    return "scalar"


def is_whole_reference(text: str) -> bool:
    """Tell whether all of ``text`` is one ``${...}``, so that it may stand for any kind of value."""
    if not (text.startswith("${") and text.endswith("}")):
        return False
    depth = 0
    for position, char in enumerate(text):
        if char == "{":  # of a reference, or of a mapping among the arguments of a resolver
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return position == len(text) - 1
    return False


def plain(node: Node) -> Any:
    """Give the node as ordinary dicts, lists and scalars, all of them new."""
    value = node.value
    if type(value) is dict:
        return {str(key): plain(child) for key, child in value.items()}
    if type(value) is tuple:
        return [plain(child) for child in value]
    return value


def from_plain(value: Any, origin: Origin) -> Node:
    """Build a node from plain data, all of it with one origin."""
    if isinstance(value, dict):
        return Node({key: from_plain(child, origin) for key, child in value.items()}, origin)
    if isinstance(value, (list, tuple)):
        return Node(tuple(from_plain(child, origin) for child in value), origin)
    return Node(value, origin)


def located(value: Any, path: Path, origins: Mapping[str, str]) -> Node:
    """Build a node from plain data, each part with the origin known for its dotted path, if there is one."""
    known = origins.get(dotted(path))
    origin = Origin(known) if known else Origin("settings." + dotted(path))
    if isinstance(value, dict):
        return Node({key: located(item, (*path, key), origins) for key, item in value.items()}, origin)
    if isinstance(value, list):
        return Node(tuple(located(item, (*path, index), origins) for index, item in enumerate(value)), origin)
    return Node(value, origin)


def places(node: Node, path: Path = ()) -> Iterator[tuple[Path, Origin]]:
    """Every node below a path with its place, mappings and lists included; a key's place where it has one."""
    yield path, node.key_origin if isinstance(node.value, dict) else node.origin
    if isinstance(node.value, dict):
        for key, item in node.value.items():
            yield from places(item, (*path, key))
    elif isinstance(node.value, tuple):
        for index, item in enumerate(node.value):
            yield from places(item, (*path, index))


def child(node: Node, key: str | int) -> Node | None:
    """The child under a key or a list index (also one written as text), or None."""
    value = node.value
    if type(value) is dict:
        return value.get(key if isinstance(key, str) else str(key))
    if type(value) is tuple:
        try:
            index = int(key)
        except ValueError:
            return None
        return value[index] if -len(value) <= index < len(value) else None
    return None


def at(node: Node, path: Path) -> Node | None:
    """The node at a path, or None."""
    found: Node | None = node
    for key in path:
        if found is None:
            return None
        found = child(found, key)
    return found


def assign(node: Node, path: Sequence[str | int], new: Node) -> Node:
    """A copy of the node with ``new`` at ``path``; mappings on the way are made where absent."""
    if not path:
        return new
    value = node.value if isinstance(node.value, dict) else {}
    key = str(path[0])
    below = value.get(key, Node({}, new.origin))
    return node._replace(value={**value, key: assign(below, path[1:], new)})


def chain(node: Node) -> tuple[Node, ...]:
    """What a node replaced, nearest first."""
    found = []
    below = node.replaced
    while below is not None:
        found.append(below)
        below = below.replaced
    return tuple(found)


def leaves(node: Node, path: Path = ()) -> Iterator[Leaf]:
    """All leaves in document order, list items included; an empty mapping or list is a leaf.

    A leaf below a resolved reference is written where the reference is and refers to its own place.
    What a list item replaced is what the lower layer's list had at the same index.
    """
    yield from _leaves(node, path, None, ())


def _leaves(node: Node, path: Path, written: Origin | None, below: tuple[Node, ...]) -> Iterator[Leaf]:
    value = node.value
    replaced = chain(node) or below
    if node.refers and isinstance(value, (dict, tuple)) and written is None:
        written = node.origin
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key), written, _children(replaced, key))
    elif isinstance(value, tuple) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index), written, _children(replaced, index))
    else:
        replaced = _others(node, replaced)
        content: Any = {} if isinstance(value, dict) else [] if isinstance(value, tuple) else value
        if written is None:
            yield Leaf(path, content, node.origin, node.refers, replaced)
        else:
            yield Leaf(path, content, written, (*node.refers, node.origin), replaced)


def _others(node: Node, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """What a leaf replaced, without the leaf itself (an appended list keeps its items) and doubles."""
    places: dict[Origin, Node] = {}
    for found in nodes:
        if found.origin != node.origin:
            places.setdefault(found.origin, found)
    return tuple(places.values())


def _children(nodes: tuple[Node, ...], key: str | int) -> tuple[Node, ...]:
    found = (child(node, key) for node in nodes)
    return tuple(node for node in found if node is not None)


def compare(left: Node, right: Node, without: Sequence[str] = ()) -> list[tuple[str, Leaf | None, Leaf | None]]:
    """The leaves that differ in value or type, by dotted path: first those of the left, then what only the right has.

    Args:
        without: sections that do not count.
    """
    ones, twos = (
        {dotted(leaf.path): leaf for leaf in leaves(side) if leaf.path and leaf.path[0] not in without} for side in (left, right)
    )
    found = []
    for path in dict.fromkeys((*ones, *twos)):
        one, two = ones.get(path), twos.get(path)
        if one is None or two is None or type(one.value) is not type(two.value) or one.value != two.value:
            found.append((path, one, two))
    return found


_PLAIN_KEY = re.compile(r"[^\s.\"'=\[\]{}]+")


def dotted(path: Path) -> str:
    """A path in the form that a user writes: ``a.b.0``; a key with a dot in it is quoted."""
    return ".".join(
        key if isinstance(key, str) and _PLAIN_KEY.fullmatch(key) else str(key) if isinstance(key, int) else _quoted(key)
        for key in path
    )


def _quoted(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def is_utf_8(text: str) -> bool:
    """Tell whether a text can be written down: half a surrogate pair cannot, nor bytes that were no text."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


MOST_PARTS = 100
"""A path of a setting may have so many parts, as a file may be nested so deep."""

_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."]+)')


def parse_path(text: str) -> tuple[str, ...]:
    """Read a dotted path; ``a."b.c".0`` has three parts.

    Raises:
        ValueError: if a part is empty or a quote is not closed.
    """
    parts: list[str] = []
    position = 0
    while True:
        match = _PART.match(text, position)
        if match is None:
            raise ValueError(f"'{text}' is not a dotted path")
        quoted, bare = match.groups()
        parts.append(bare if bare is not None else re.sub(r"\\(.)", r"\1", quoted))
        position = match.end()
        if len(parts) > MOST_PARTS:
            raise ValueError(f"a path has more than {MOST_PARTS} parts")
        if position == len(text):
            return tuple(parts)
        if text[position] != ".":
            raise ValueError(f"'{text}' is not a dotted path")
        position += 1
