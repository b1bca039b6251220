"""Bindings made by a matrix: the product of its lists, numbered, each with its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from .errors import Problem
from .fields import Fields
from .model import MADE_SECTIONS
from .tree import Node, Path, assign, at, parse_path, plain

_Cell = dict[str, Node]
MOST_CELLS = 10_000


def cells(entry: Fields, name: str) -> Iterator[tuple[str, Node]]:
    """The bindings that one entry makes: name and values.

    ``matrix`` maps setting paths to lists, crossed with each other; ``zip`` maps paths to lists of
    equal length, one dimension more. Numbers are those of the whole product, so that an ``exclude``
    does not rename the others; ``include`` adds cells at the end.
    """
    before = len(entry.problems)
    dimensions = [[{path: value} for value in values] for path, values in _lists(entry, "matrix").items()]
    zipped = _zipped(entry)
    if zipped:
        dimensions.append(zipped)
    size = 1
    for dimension in dimensions:
        size *= len(dimension)
    if size > MOST_CELLS:
        entry.refuse("matrix", f"the matrix has {size} cells, more than {MOST_CELLS}", "fewer values")
        return
    made = [{path: value for part in cell for path, value in part.items()} for cell in product(*dimensions)]
    if not dimensions:
        made = []
    included = _rows(entry, "include")
    excluded = _excluded(entry, made)
    left = [(number, cell) for number, cell in enumerate([*made, *included], 1) if number - 1 not in excluded]
    if not left and len(entry.problems) == before:
        key = next(key for key in ("exclude", "matrix", "zip", "include") if entry.has(key))
        entry.refuse(key, f"'{name}' makes no binding", "matrix: {section.key: [..., ...]}" if not made else "fewer entries")
    for number, cell in left:
        yield f"{name}-{number}", _tree(entry, cell)


def _lists(entry: Fields, key: str) -> dict[str, tuple[Node, ...]]:
    found = {}
    for path, node in entry.mapping(key).items():
        if not isinstance(node.value, tuple) or not node.value:
            entry.problems.append(
                Problem(f"'{path}' has no list of values", entry.path(key), (node.origin,), f"{path}: [..., ...]")
            )
            continue
        if node.tag:
            summary = f"the tag '!{node.tag}' has nothing to act on in a matrix"
            entry.problems.append(Problem(summary, entry.path(key), (node.origin,), "the values without the tag"))
        # A problem with the path is told at the path, once.
        found[path] = tuple(value._replace(key_at=node.key_at) for value in node.value)
    return found


def _zipped(entry: Fields) -> list[_Cell]:
    lists = _lists(entry, "zip")
    if len({len(values) for values in lists.values()}) > 1:
        lengths = ", ".join(f"{path} has {len(values)}" for path, values in lists.items())
        entry.refuse("zip", f"the lists of a zip have equal lengths: {lengths}", "lists of equal length")
        return []
    return [dict(zip(lists, row)) for row in zip(*lists.values())]


def _rows(entry: Fields, key: str) -> list[_Cell]:
    rows = []
    for node in entry.sequence(key):
        if isinstance(node.value, dict) and node.value:
            rows.append(dict(node.value))
        else:
            entry.refuse(key, f"an entry of '{key}' is a mapping of paths to values", f"{key}: [{{path: value}}]")
    return rows


def _excluded(entry: Fields, made: list[_Cell]) -> set[int]:
    found: set[int] = set()
    for row in _rows(entry, "exclude"):
        matching = {index for index, cell in enumerate(made) if _fits(cell, row)}
        if not matching:
            place = next(iter(row.values())).key_origin
            summary = "this entry of 'exclude' fits no cell of the matrix"
            entry.problems.append(Problem(summary, entry.path("exclude"), (place,), "a value that the matrix has"))
        found |= matching
    return found


def _fits(cell: Mapping[str, Node], row: Mapping[str, Node]) -> bool:
    return all(path in cell and plain(cell[path]) == plain(value) for path, value in row.items())


def _tree(entry: Fields, cell: _Cell) -> Node:
    tree = Node({}, entry.node.origin)
    for path, value in cell.items():
        try:
            parts = parse_path(path)
        except ValueError:
            parts = ()
        if len(parts) < 2 or parts[0] in MADE_SECTIONS:
            where: Path = tuple(entry.what.split("."))
            problem = Problem(f"'{path}' is not the path of a setting", where, (value.key_origin,), "section.key")
            if problem not in entry.problems:
                entry.problems.append(problem)
            continue
        if is_covered(tree, parts):
            problem = Problem(f"'{path}' is inside a value that is set beside it", tuple(entry.what.split(".")), (value.key_origin,))
            if problem not in entry.problems:
                entry.problems.append(problem)
            continue
        tree = assign(tree, parts, value)
    return tree


def is_covered(tree: Node, path: Path) -> bool:
    """Tell whether a path leads through a value that is there and is no mapping, which would be lost."""
    above = (at(tree, path[:size]) for size in range(1, len(path)))
    return any(node is not None and not isinstance(node.value, dict) for node in above)
