"""Text to nodes: YAML, JSON and TOML, each value with its place. The only module that knows them.

YAML is read at the node level of PyYAML and built here by the YAML 1.2 core schema; what YAML 1.1
reads differently is refused, so that no tool of a team reads a file in another way than mkflow.
"""

from __future__ import annotations

import re
from typing import Any

from .errors import SettingsError
from .scalars import ambiguous, scalar
from .source import MOST_DEPTH, Refusal, Source, refuse_long_number
from .spelling import nearest
from .tree import Node, Origin

TAGS = ("append", "prepend", "remove", "override", "reset", "final")
"""The merge tags, written ``!append`` at a value."""

MOST_BYTES = 1 << 20
"""A larger settings file is refused: settings are small, data belongs elsewhere."""
MOST_NODES = 100_000
"""A file may not expand to more values than this through its aliases."""


def read(data: bytes, source: Source) -> Node:
    """Read one file; an empty one is an empty mapping.

    The kind is taken from the ending of ``source.name``: ``.json``, ``.toml``, else YAML.

    Raises:
        SettingsError: with one located problem, whatever the bytes are.
    """
    try:
        text = _decode(data, source)
        if source.name.endswith(".json"):
            from .reader_json import read_json

            node = read_json(text, source)
        elif source.name.endswith(".toml"):
            from .reader_toml import read_toml

            node = read_toml(text, source)
        else:
            node = read_yaml(text, source)
    except Refusal as refusal:
        raise SettingsError(refusal.problem) from None
    return node


def _decode(data: bytes, source: Source) -> str:
    start = Origin(source.name, 1, 1, source.layer)
    if len(data) > MOST_BYTES:
        size = f"{len(data) / (1 << 20):.1f} MiB"
        raise Refusal(
            f"the file has {size}, more than the {MOST_BYTES >> 20} MiB that settings may have", start,
            "keep data in a file or table of its own and name it in the settings",
        )  # fmt: skip
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:4].count(0) == 2:
        raise Refusal("the file is UTF-16, settings are UTF-8", start, f"iconv -f UTF-16 -t UTF-8 {source.name}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        raise Refusal(
            f"the file is not UTF-8: byte 0x{data[error.start]:02x}", Origin(source.name, line, column, source.layer),
            f"iconv -f ISO-8859-1 -t UTF-8 {source.name}, if that is what it was written in",
        ) from None  # fmt: skip


def read_yaml(text: str, source: Source) -> Node:
    """Read YAML text whose top is a mapping, or empty.

    Raises:
        Refusal: for everything that design section 4 does not allow.
    """
    node = read_value(text, source)
    if node is None or (node.value is None and not node.tag):
        return Node({}, Origin(source.name, 1, 1, source.layer))
    if not isinstance(node.value, dict):
        word = "a list" if isinstance(node.value, tuple) else "a single value"
        raise Refusal(f"the top of the file is {word}, not a mapping", node.origin, "key: value")
    if node.tag:
        raise Refusal(f"the tag '!{node.tag}' cannot stand at the top of a file", node.origin)
    return node


def read_value(text: str, source: Source) -> Node | None:
    """Read YAML text of any kind; None where there is nothing in it.

    Raises:
        Refusal: as :func:`read_yaml` does.
    """
    import yaml

    _check_depth(text, source)
    loader = _loader(yaml)(text)
    try:
        top = loader.get_single_node()
    except yaml.YAMLError as error:
        raise _syntax(error, text, source) from None
    finally:
        loader.dispose()
    if top is None:
        return None
    return _Builder(source).build(top)


def _loader(yaml: Any) -> Any:
    """The C parser where PyYAML has it; every wheel of PyYAML has."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_DEEP_LINE = re.compile(rf"^(?: {{{MOST_DEPTH},}}|[ ]*(?:[-?] +){{20,}})", re.MULTILINE)


def _check_depth(text: str, source: Source) -> None:
    """Refuse deep nesting before the parser sees it: at 100,000 levels the C parser crashes.

    Only text that could be that deep is looked at event by event.
    """
    if text.count("[") + text.count("{") <= MOST_DEPTH and not _DEEP_LINE.search(text):
        return
    import yaml

    depth = 0
    try:
        for event in yaml.parse(text, Loader=_loader(yaml)):
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                depth += 1
                if depth > MOST_DEPTH:
                    raise Refusal(f"nested more than {MOST_DEPTH} levels deep", _place(event.start_mark, source))
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                depth -= 1
    except yaml.YAMLError as error:
        raise _syntax(error, text, source) from None


def _place(mark: Any, source: Source) -> Origin:
    if mark is None:
        return Origin(source.name, 1, 1, source.layer)
    return Origin(source.name, mark.line + 1, mark.column + 1, source.layer)


_NEEDS_QUOTES = (
    "mapping values are not allowed", "found character that cannot start any token", "did not find expected node content",
)  # fmt: skip
_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_KEY = 1024
"""YAML itself allows no longer one without a question mark."""


def _syntax(error: Any, text: str, source: Source) -> Refusal:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = _place(mark, source)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    context = getattr(error, "context", None) or ""
    began = _place(getattr(error, "context_mark", None) or mark, source)
    lines = text.split("\n")
    line = lines[place.line - 1] if place.line and place.line <= len(lines) else ""
    if "another document" in problem or "but found another" in problem:
        return Refusal("there are several documents in one file", place, "one file for each layer, without '---'")
    if "\\t" in problem or "\t" in line[: len(line) - len(line.lstrip())]:
        column = line.find("\t") + 1 or place.column
        return Refusal("a tab is used for indentation", place._replace(column=column), "spaces")
    if "control characters" in problem or "unacceptable character" in problem or "special characters" in problem:
        # The C parser counts bytes here.
        found = _CONTROL.search(text)
        position = found.start() if found else 0
        before = text[:position]
        place = Origin(source.name, before.count("\n") + 1, position - before.rfind("\n"), source.layer)
        escape = text[position : position + 1].encode("unicode_escape").decode("ascii")
        return Refusal(f"there is a control character in the file: {escape}", place, f'"{escape}", in double quotes')
    if "found undefined alias" in problem or "found undefined alias" in context:
        name = re.split(r"[\s,\]}]", line[(place.column or 1) :], maxsplit=1)[0]
        return Refusal(f"there is no anchor '&{name}' for this alias", place, f"&{name} before the value that is meant, above it")
    if "quoted scalar" in context and "end of stream" in problem:
        return Refusal("a quote is not closed", began, "the quote again, after the text")
    if "mapping values are not allowed" in problem and (place.column or 0) > _LONGEST_KEY:
        return Refusal(f"a key is longer than {_LONGEST_KEY} characters", place)
    hint = "quotes around the text, if it is text" if problem.startswith(_NEEDS_QUOTES) else ""
    if problem == "did not find expected key":
        hint = "the same indentation as the lines around it"
    return Refusal(f"this is not YAML: {problem}", place, hint, *([began] if began.line != place.line else []))


_CORE = "tag:yaml.org,2002:"
_STRING, _MERGE = _CORE + "str", _CORE + "merge"
_LIST_TAGS = frozenset(("append", "prepend", "remove"))
_STANDARD = {_CORE + name for name in ("map", "seq", "str", "null", "bool", "int", "float")}
_RESOLVED = _STANDARD | {_CORE + name for name in ("timestamp", "value", "merge")}
_TYPES: dict[str, tuple[type, ...]] = {
    _CORE + "int": (int,), _CORE + "float": (float, int), _CORE + "bool": (bool,), _CORE + "null": (type(None),),
}  # fmt: skip


class _Builder:
    """Builds nodes of one file and counts them, so that aliases cannot expand without a bound."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.left = MOST_NODES
        self.open: dict[int, Any] = {}

    def build(self, raw: Any, key_at: tuple[int, int] | None = None) -> Node:
        mark = raw.start_mark
        origin = Origin(self.source.name, mark.line + 1, mark.column + 1, self.source.layer)
        self.left -= 1
        if self.left < 0:
            last = max((outer.start_mark for outer in self.open.values()), key=lambda mark: mark.index, default=mark)
            summary = f"the aliases of this file expand to more than {MOST_NODES} values"
            raise Refusal(summary, _place(last, self.source), "fewer aliases inside aliases")
        tag = self._tag(raw, origin)
        kind = raw.id
        if tag in _LIST_TAGS and kind != "sequence":
            word = "mapping" if kind == "mapping" else "single value"
            raise Refusal(f"'!{tag}' takes a list, not a {word}", origin, f"!{tag} [...]")
        if kind == "scalar":
            return Node(self._scalar(raw, tag, origin), origin, tag, None, (), key_at)
        if id(raw) in self.open:
            raise Refusal("an alias may not stand inside the value of its own anchor", origin)
        self.open[id(raw)] = raw
        value = self._mapping(raw) if kind == "mapping" else tuple([self._item(item) for item in raw.value])
        del self.open[id(raw)]
        return Node(value, origin, tag, None, (), key_at)

    def _item(self, raw: Any) -> Node:
        node = self.build(raw)
        if node.tag:
            raise Refusal(f"'!{node.tag}' cannot stand before an item of a list", node.origin, "the tag before the list")
        return node

    def _tag(self, raw: Any, origin: Origin) -> str:
        tag = raw.tag
        if tag in _RESOLVED or tag is None or tag == "!":
            return ""
        name: str = tag.removeprefix("!")
        if name in TAGS:
            return name
        shown = tag.replace(_CORE, "!!")
        meant = nearest(name, TAGS)
        hint = f"!{meant}" if meant else "one of " + ", ".join(f"!{known}" for known in TAGS)
        raise Refusal(f"unknown tag '{shown}'", origin, hint)

    def _scalar(self, raw: Any, tag: str, origin: Origin) -> Any:
        text: str = raw.value
        types = _TYPES.get(raw.tag)
        if types is None and (raw.style or (raw.tag == _STRING and self._explicit(raw))):
            return text
        how = ambiguous(text)
        if how is not None:
            raise Refusal(f"'{text}' means different things in YAML 1.1 and 1.2", origin, how)
        refuse_long_number(text, origin)
        value = scalar(text)
        if types is None:
            return value
        if type(value) in types:
            return float(value) if types[0] is float else value
        if self._explicit(raw):
            summary = f"'{text}' is not what the tag '!!{raw.tag.removeprefix(_CORE)}' says"
            raise Refusal(summary, origin, "the value without the tag")
        raise Refusal(f"'{text}' means different things in YAML 1.1 and 1.2", origin, f'"{text}", if it is text')

    @staticmethod
    def _explicit(raw: Any) -> bool:
        """Tell ``!!str 012`` from ``abc``: the first has a tag of its own before the text."""
        mark_length = raw.end_mark.index - raw.start_mark.index
        return bool(mark_length > len(raw.value) and "\n" not in raw.value)

    def _mapping(self, raw: Any) -> dict[str, Node]:
        own: dict[str, Node] = {}
        merged: list[dict[str, Node]] = []
        for key, value in raw.value:
            if key.tag == _MERGE and not key.style:
                merged += self._merge_key(value)
                continue
            name = self._key(key)
            at = (key.start_mark.line + 1, key.start_mark.column + 1)
            if name in own:
                raise Refusal(
                    f"the key '{name}' stands twice in one mapping", Origin(self.source.name, *at, self.source.layer),
                    "one of them", own[name].key_origin,
                )  # fmt: skip
            own[name] = self.build(value, at)
        if not merged:
            return own
        result: dict[str, Node] = {}
        for mapping in reversed(merged):
            result.update(mapping)
        result.update(own)
        return result

    def _merge_key(self, raw: Any) -> list[dict[str, Node]]:
        node = self.build(raw)
        items = node.value if isinstance(node.value, tuple) else (node,)
        found = [item.value for item in items if isinstance(item.value, dict)]
        if len(found) != len(items):
            raise Refusal("'<<' takes a mapping, or a list of mappings", node.origin, "<<: *anchor")
        return found

    def _key(self, raw: Any) -> str:
        origin = _place(raw.start_mark, self.source)
        if raw.id != "scalar":
            raise Refusal("a key is text, not a list or a mapping", origin)
        text: str = raw.value
        if not raw.style:
            if ambiguous(text) is not None:
                raise Refusal(f"the key '{text}' means different things in YAML 1.1 and 1.2", origin, f'"{text}"')
            if not isinstance(scalar(text), str):
                raise Refusal(f"the key '{text}' is not text", origin, f'"{text}"')
        if not text:
            raise Refusal("a key is empty", origin)
        return str(text)
