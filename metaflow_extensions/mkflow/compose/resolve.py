"""References: ``${...}`` in a merged tree become values, once per instance, after all layers.

The grammar is OmegaConf's, and so is its parser. The two forms that nearly all references have
(``${a.b.c}`` and ``${name:word}``, alone or inside text) are read by a regular expression, which spares
an instance of many references most of its time and most projects the import of OmegaConf; a property
test holds that both ways agree. Resolvers are passed in and never registered anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .errors import Problem
from .spelling import nearest
from .tree import MISSING, Node, Origin, Path, at, dotted, from_plain, is_utf_8, plain

Resolver = Callable[..., Any]
"""Takes the arguments written after the colon and gives plain data, or a node that knows its origin; raises
``LookupError`` or ``ValueError`` with a message for the user and, if there is one, a hint."""


MOST_HOPS = 64
"""References may follow each other so many times."""


class Unresolved(Exception):
    """A reference that cannot be resolved; carries a :class:`Problem`, or none where its target has one."""

    def __init__(self, problem: Problem | None) -> None:
        super().__init__(problem.summary if problem else "")
        self.problem = problem


class Resolution(NamedTuple):
    """A tree without references, and what could not be resolved."""

    node: Node
    problems: tuple[Problem, ...]


def resolve(root: Node, resolvers: Mapping[str, Resolver]) -> Resolution:
    """Resolve all references of a merged tree.

    Args:
        root: a mapping; shared and never changed.
        resolvers: by the name before the colon; ``oc.select`` and ``oc.dict.*`` are always there.

    Returns:
        The tree with every reference replaced by its value, each with both its places. One to a value that
        is ``???`` stays as it is and is no problem here: that value is, to whoever looks for what was left over.
    """
    if not has_references(root):
        return Resolution(root, ())
    work = _Resolver(root, resolvers)
    node = work.tree(root, ())
    return Resolution(node, tuple(work.problems))


def has_references(node: Node) -> bool:
    """Tell whether anything in a tree needs resolving (an escaped ``\\${`` does, too)."""
    value = node.value
    if type(value) is str:
        return "${" in value
    if type(value) is dict:
        return any(map(has_references, value.values()))
    return type(value) is tuple and any(map(has_references, value))


_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_SIMPLE = re.compile(rf"\$\{{(?:(\.*{_NAME}(?:\.[A-Za-z0-9_]+)*)|({_NAME}(?:\.{_NAME})*):({_NAME}))\}}")
_TYPED_WORDS = frozenset(("true", "false", "null", "nan", "inf"))


class _Resolver:
    """The state of resolving one tree: what is known, what is being asked for, what went wrong."""

    def __init__(self, root: Node, resolvers: Mapping[str, Resolver]) -> None:
        self.root = root
        self.resolvers = {**resolvers, **self._builtin()}
        self.done: dict[Path, Node] = {}
        self.asking: dict[Path, Node] = {}
        self.too_deep: Problem | None = None
        self.problems: list[Problem] = []

    def tree(self, node: Node, path: Path) -> Node:
        """Resolve everything below a node; one problem does not hide the next."""
        value = node.value
        if type(value) is str:
            if "${" not in value:
                return node
            try:
                return self.reference(node, path)
            except Unresolved as unresolved:
                if unresolved.problem is not None and unresolved.problem not in self.problems:
                    self.problems.append(unresolved.problem)
                return node
        if type(value) is dict:
            items = {key: self.tree(item, (*path, key)) for key, item in value.items()}
            return node if all(map(_is, items.values(), value.values())) else node._replace(value=items)
        if type(value) is tuple:
            found = tuple([self.tree(item, (*path, index)) for index, item in enumerate(value)])
            return node if all(map(_is, found, value)) else node._replace(value=found)
        return node

    def reference(self, node: Node, path: Path) -> Node:
        """The value of one node whose text has a reference in it."""
        if path in self.done:
            return self.done[path]
        if path in self.asking:
            raise self._cycle(path)
        if len(self.asking) >= MOST_HOPS:
            # Each member of a long chain fails; the first one is enough to be told.
            summary = f"references follow each other more than {MOST_HOPS} times"
            self.too_deep = self.too_deep or Problem(summary, path, (node.origin,), "a reference to the end of the chain")
            raise Unresolved(self.too_deep)
        self.asking[path] = node
        try:
            result = self._evaluate(node, path)
        finally:
            del self.asking[path]
        self.done[path] = result
        return result

    def _evaluate(self, node: Node, path: Path) -> Node:
        text = node.value
        assert isinstance(text, str)
        match = _SIMPLE.fullmatch(text)
        if match is not None and match[3] not in _TYPED_WORDS:
            target = self._simple(match, node, path)
            return node._replace(value=target.value, refers=_places(target))
        rest = _SIMPLE.sub("", text)
        if "$" in rest or "\\" in text or any(word in _TYPED_WORDS for _, _, word in _SIMPLE.findall(text)):
            return self._by_grammar(node, path)
        refers: list[Origin] = []

        def filled(found: re.Match[str]) -> str:
            target = self._simple(found, node, path)
            refers.extend(_places(target))
            return _text(target)

        return node._replace(value=_SIMPLE.sub(filled, text), refers=tuple(dict.fromkeys(refers)))

    def _simple(self, match: re.Match[str], node: Node, path: Path) -> Node:
        key, name, word = match.groups()
        if key is not None:
            return self.lookup(self._absolute(key, node, path) if key[0] == "." else tuple(key.split(".")), node, path)
        return self.call(name, (word,), node, path)

    def _by_grammar(self, node: Node, path: Path) -> Node:
        """Any other form, through OmegaConf's own parser and visitor."""
        from .grammar import evaluate

        refers: list[Origin] = []
        found: list[tuple[Any, Node]] = []

        def lookup(key: str) -> Any:
            target = self.lookup(self._absolute(key, node, path), node, path)
            refers.extend(_places(target))
            found.append((plain(target), target))
            return found[-1][0]

        def call(name: str, args: tuple[Any, ...]) -> Any:
            target = self.call(name, args, node, path)
            refers.extend(_places(target))
            found.append((plain(target), target))
            return found[-1][0]

        assert isinstance(node.value, str)
        try:
            value = evaluate(node.value, lookup, call)
        except ValueError as error:
            hint = "${section.key}, or \\${ if it is text"
            raise Unresolved(Problem(str(error), path, (node.origin,), hint)) from None
        last = found[-1] if found else None
        if last is not None and last[0] is value:
            return node._replace(value=last[1].value, refers=_places(last[1]))
        built = from_plain(value, node.origin)
        return node._replace(value=built.value, refers=tuple(dict.fromkeys(refers)))

    def _absolute(self, key: str, node: Node, path: Path) -> tuple[str, ...]:
        """The parts of a key as written: ``a.b``, ``.sibling``, ``..x``, ``a[0].b``."""
        dots = len(key) - len(key.lstrip("."))
        parts = [part for part in re.split(r"[.\[\]]", key[dots:]) if part]
        if not dots:
            return tuple(parts)
        if dots > len(path):
            raise Unresolved(Problem(f"'${{{key}}}' leads above the top of the settings", path, (node.origin,)))
        return (*(str(part) for part in path[: len(path) - dots]), *parts)

    def lookup(self, parts: tuple[str, ...], node: Node, path: Path, whole: bool = True) -> Node:
        """Follow a path from the root; references on the way, at its end and, if ``whole``, below are resolved."""
        found, here = self.root, ()  # type: tuple[Node, Path]
        for position, part in enumerate(parts):
            found = self._settle(found, here)
            below = found.value
            if type(below) is dict and part in below:
                found, here = below[part], (*here, part)
            elif type(below) is tuple and part.isdigit() and int(part) < len(below):
                found, here = below[int(part)], (*here, int(part))
            else:
                raise self._absent(parts, position, found, node, path)
            if found.refers:
                # Below a resolved reference: nodes are resolved already, their paths are elsewhere.
                here = (*here, "\0")
        found = self._settle(found, here)
        if found.value == MISSING and type(found.value) is str:
            raise Unresolved(None)
        return self._whole(found, here) if whole else found

    def _settle(self, found: Node, here: Path) -> Node:
        if type(found.value) is str and "${" in found.value and not found.refers:
            return self.reference(found, here)
        return found

    def _whole(self, found: Node, here: Path) -> Node:
        """Resolve what is inside a mapping or list that is referred to as a whole."""
        value = found.value
        if type(value) is dict:
            if here in self.asking:
                raise self._cycle(here)
            self.asking[here] = found
            try:
                items = {key: self._whole(self._settle(item, (*here, key)), (*here, key)) for key, item in value.items()}
            finally:
                del self.asking[here]
            return found._replace(value=items)
        if type(value) is tuple:
            steps = [(item, (*here, index)) for index, item in enumerate(value)]
            return found._replace(value=tuple([self._whole(self._settle(item, step), step) for item, step in steps]))
        return found

    def call(self, name: str, args: tuple[Any, ...], node: Node, path: Path) -> Node:
        """Call a resolver; its failure is a problem at the referring place."""
        resolver = self.resolvers.get(name)
        if resolver is None:
            meant = f"oc.{name}" if f"oc.{name}" in self.resolvers else nearest(name, self.resolvers)
            hint = f"${{{meant}:...}}" if meant else "one of " + ", ".join(sorted(self.resolvers))
            raise Unresolved(Problem(f"there is no resolver '{name}'", path, (node.origin,), hint))
        try:
            value = resolver(*args, _node=node, _path=path) if name in _BUILTIN_NAMES else resolver(*args)
        except TypeError:
            written = ",".join(str(arg) for arg in args)
            summary = f"the resolver '{name}' does not take these arguments: '{written}'"
            raise Unresolved(Problem(summary, path, (node.origin,))) from None
        except (LookupError, ValueError) as error:
            words, hint = (*map(str, error.args), "", "")[:2]
            raise Unresolved(Problem(words, path, (node.origin,), hint)) from None
        if isinstance(value, Node):
            return value
        if isinstance(value, str) and not value.isascii() and not is_utf_8(value):
            raise Unresolved(Problem(f"'{name}' gives text that is not UTF-8", path, (node.origin,)))
        shown = f"{name.removeprefix('oc.')} {args[0]}" if args else name
        return from_plain(value, Origin(shown))

    def _builtin(self) -> dict[str, Resolver]:
        def select(key: str, *default: Any, _node: Node, _path: Path) -> Any:
            try:
                found = self.lookup(self._absolute(str(key), _node, _path), _node, _path)
            except Unresolved:
                return from_plain(default[0] if default else None, Origin(f"select {key}, which is not there"))
            return found

        def mapping(key: str, node: Node, path: Path, whole: bool) -> dict[str, Node]:
            found = self.lookup(self._absolute(str(key), node, path), node, path, whole)
            if not isinstance(found.value, dict):
                raise ValueError(f"'{key}' is not a mapping")
            return found.value

        def keys(key: str, *, _node: Node, _path: Path) -> Any:
            return list(mapping(key, _node, _path, False))

        def values(key: str, *, _node: Node, _path: Path) -> Any:
            return Node(tuple(mapping(key, _node, _path, True).values()), _node.origin)

        def deprecated(key: str, message: str = "", *, _node: Node, _path: Path) -> Any:
            return self.lookup(self._absolute(str(key), _node, _path), _node, _path)

        return dict(zip(_BUILTIN_NAMES, (select, keys, values, deprecated)))

    def _absent(self, parts: tuple[str, ...], position: int, found: Node, node: Node, path: Path) -> Unresolved:
        written, part = dotted(parts), parts[position]
        value = found.value
        origins: tuple[Origin, ...] = (node.origin,)
        if isinstance(value, dict):
            meant = (None if position else self._elsewhere(parts)) or nearest(part, value)
            known = ".".join((*parts[:position], meant, *parts[position + 1 :])) if meant in value else meant
            hint = f"${{{known}}}" if meant else ""
        else:
            hint, origins = "", (node.origin, found.origin) if position else origins
        return Unresolved(Problem(f"there is no key '{written}' to refer to", path, origins, hint))

    def _elsewhere(self, parts: tuple[str, ...]) -> str | None:
        """The path was given from inside a section: ``${data.path}`` for ``${configuration.data.path}``."""
        assert isinstance(self.root.value, dict)
        for section in self.root.value:
            if at(self.root, (section, *parts)) is not None:
                return f"{section}.{dotted(parts)}"
        return None

    def _cycle(self, path: Path) -> Unresolved:
        steps = list(self.asking.items())
        start = next((index for index, (step, _) in enumerate(steps) if step == path), 0)
        hops = steps[start:]
        # The same cycle is met from each of its members: begin with the first by place, report it once.
        first = min(range(len(hops)), key=lambda index: (hops[index][1].origin[:3], hops[index][0]))
        hops = hops[first:] + hops[:first]
        words = " -> ".join(dotted(step) for step, _ in [*hops, hops[0]])
        return Unresolved(Problem(f"references go in a circle: {words}", hops[0][0], tuple(n.origin for _, n in hops)))


_BUILTIN_NAMES = ("oc.select", "oc.dict.keys", "oc.dict.values", "oc.deprecated")


def _is(left: object, right: object) -> bool:
    return left is right


def _places(target: Node) -> tuple[Origin, ...]:
    """Where a referred value is from: through references to its end."""
    return target.refers or (target.origin,)


def _text(target: Node) -> str:
    """A value inside text, as OmegaConf writes it."""
    value = plain(target)
    return value if isinstance(value, str) else str(value)


