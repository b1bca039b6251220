"""Unknown keys without a schema: a key of one source only that is nearly a key of another is a slip.

A merely new key is fine. What counts as known is everything that any file of the project, a matrix
cell or an override writes at the same place, so the verdict on a file is the same for each instance.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .errors import Problem
from .spelling import distance, is_misspelt
from .tree import Node, Path


class Written(NamedTuple):
    """A tree and who wrote it; of two sources that clash with each other alone, the lower ``rank`` is right.

    ``author`` is what several sources have in common that say a thing once, such as the cells of a matrix.
    """

    source: str
    rank: int
    root: Node
    author: str = ""


class _Use(NamedTuple):
    source: str
    rank: int
    node: Node
    author: str


def misspelt_keys(sources: Iterable[Written]) -> dict[str, list[Problem]]:
    """Problems by the source that has the key.

    Args:
        sources: all trees of the project, each a mapping of sections.
    """
    index: dict[Path, dict[str, list[_Use]]] = {}
    for written in sources:
        _index(written, written.root, (), index)
    found: dict[str, list[Problem]] = {}
    for path, keys in index.items():
        # The names of the flow section are known, and checked against the flow itself.
        if path and path[0] != "flow":
            _judge(path, keys, found)
    return found


def _index(written: Written, node: Node, path: Path, index: dict[Path, dict[str, list[_Use]]]) -> None:
    if not isinstance(node.value, dict):
        return
    here = index.setdefault(path, {})
    for key, item in node.value.items():
        here.setdefault(key, []).append(_Use(written.source, written.rank, item, written.author or written.source))
        _index(written, item, (*path, key), index)


def _judge(path: Path, keys: dict[str, list[_Use]], found: dict[str, list[Problem]]) -> None:
    by_author: dict[str, set[str]] = {}
    for key, uses in keys.items():
        for use in uses:
            by_author.setdefault(use.author, set()).add(key)
    if len(by_author) < 2:
        return
    for key, uses in keys.items():
        use = uses[0]
        if any(other.author != use.author for other in uses):
            continue
        mine = by_author[use.author]
        near = [
            (distance(key, word), word)
            for word, others in keys.items()
            if word not in mine
            and abs(len(word) - len(key)) <= 2
            and (others[0].rank < use.rank or any(other.author != others[0].author for other in others))
            and is_misspelt(key, word)
        ]
        if near:
            meant = min(near)[1]
            for use in uses:
                found.setdefault(use.source, []).append(_problem((*path, key), use.node, meant, keys[meant][0].node))


def _problem(path: Path, node: Node, meant: str, known: Node) -> Problem:
    hint = f"{meant}, or write '{path[-1]}' in a lower layer too, if it is another key"
    return Problem(f"unknown key '{path[-1]}'", path, (node.key_origin, known.key_origin), hint)
