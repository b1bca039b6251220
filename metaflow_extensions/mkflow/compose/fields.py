"""Reading of declared keys from a mapping, with located problems instead of exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .errors import Problem
from .spelling import nearest
from .tree import Node, Path, kind, plain


class Fields:
    """A mapping of the project file; each reader names its key, so unknown ones can be told."""

    def __init__(self, node: Node, what: str, problems: list[Problem] | None = None) -> None:
        self.node, self.what = node, what
        self.items: dict[str, Node] = node.value if isinstance(node.value, dict) else {}
        self.problems: list[Problem] = [] if problems is None else problems
        self.known: set[str] = set()

    def has(self, key: str) -> bool:
        """Whether a key is written, whatever its value."""
        return key in self.items

    def path(self, key: str) -> Path:
        """The path of a key in the project file."""
        return (key,) if self.what.startswith("the ") else (*self.what.split("."), key)

    def refuse(self, key: str, summary: str, hint: str = "") -> None:
        """Add a problem at a key's value."""
        node = self.items.get(key)
        self.problems.append(Problem(summary, self.path(key), (node.origin if node else self.node.origin,), hint))

    def _asked(self, key: str) -> Node | None:
        """The node of a key; a merge tag has nothing to do in front of it."""
        self.known.add(key)
        node = self.items.get(key)
        if node is not None and node.tag:
            self.refuse(key, f"the tag '!{node.tag}' is for settings, not for '{key}'", f"{key}: ... without the tag")
        return node

    def value(self, key: str) -> Any:
        """The plain value of a key, None where it is absent."""
        node = self._asked(key)
        return None if node is None else plain(node)

    def text(self, key: str, default: str = "", required: bool = False) -> str:
        """A text value."""
        value = self.value(key)
        if key not in self.items:
            if required:
                self.problems.append(Problem(f"'{key}' is missing in {self.what}", (), (self.node.origin,), f"{key}: ..."))
            return default
        if not isinstance(value, str) or not value:
            word = "empty" if value == "" else "null, not text" if value is None else f"a {_word(self.items[key])}, not text"
            self.refuse(key, f"'{key}' is {word}", f"{key}: ...")
            return default
        return value

    def truth(self, key: str) -> bool:
        """A value that is true or false; absent is false."""
        value = self.value(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.refuse(key, f"'{key}' is neither true nor false", f"{key}: true")
        return False

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text alone stands for a list of it."""
        value = self.value(key)
        found = [value] if isinstance(value, str) else value or []
        if not isinstance(found, list) or not all(isinstance(item, str) and item for item in found):
            self.refuse(key, f"'{key}' is not a list of texts", f"{key}: [...]")
            return ()
        return tuple(found)

    def mapping(self, key: str) -> Mapping[str, Node]:
        """The nodes of a mapping; absent and empty are the same."""
        node = self._asked(key)
        if node is None or node.value is None:
            return {}
        if isinstance(node.value, dict):
            return node.value
        self.refuse(key, f"'{key}' is a {_word(node)}, not a mapping", f"{key}: {{name: ...}}")
        return {}

    def sequence(self, key: str) -> Sequence[Node]:
        """The nodes of a list; absent and empty are the same."""
        node = self._asked(key)
        if node is None or node.value is None:
            return ()
        if isinstance(node.value, tuple):
            return node.value
        self.refuse(key, f"'{key}' is a {_word(node)}, not a list", f"{key}: [...]")
        return ()

    def table(self, key: str, known: Sequence[str]) -> dict[str, Any]:
        """A mapping of plain values whose keys are declared."""
        entry = self.entry(self.items[key], key, known) if key in self.items else None
        self.known.add(key)
        return {name: plain(node) for name, node in entry.items.items()} if entry else {}

    def entry(self, node: Node, what: str, known: Sequence[str]) -> Fields:
        """A mapping inside this one, with its unknown keys reported; null is an empty one."""
        entry = Fields(node, what, self.problems)
        if node.value is not None and not isinstance(node.value, dict):
            hint = f"{{{next(iter(known), 'key')}: ...}}"
            self.problems.append(Problem(f"'{what}' is a {_word(node)}, not a mapping", (), (node.origin,), hint))
        entry.known.update(known)
        entry.no_others()
        return entry

    def no_others(self, more: Iterable[str] = ()) -> None:
        """Report keys that nobody asked for."""
        known = self.known | set(more)
        for key, node in self.items.items():
            if key not in known:
                meant = nearest(key, sorted(known))
                hint = meant or "one of " + ", ".join(sorted(known))
                self.problems.append(Problem(f"unknown key '{key}' in {self.what}", (), (node.key_origin,), hint))


def _word(node: Node) -> str:
    return "single value" if kind(node) in ("scalar", "reference") else kind(node)
