"""``--set``: ``a.b=v`` must exist, ``+a.b=v`` adds, ``++a.b=v`` either, ``~a.b`` removes."""

from __future__ import annotations

from typing import NamedTuple

from .errors import MkflowError, Problem, UsageError
from .model import MADE_SECTIONS
from .reader import read_value
from .source import Refusal, Source
from .spelling import nearest
from .tree import Node, Origin, Path, assign, at, dotted, is_utf_8, parse_path


class Assignment(NamedTuple):
    """One ``--set``; ``sign`` is one of ``""``, ``+``, ``++`` and ``~``."""

    text: str
    sign: str
    path: tuple[str, ...]
    value: Node | None


def parse_assignment(text: str) -> Assignment:
    """Read one ``--set``; its value is read as YAML.

    Raises:
        UsageError: if it has another form, or the value is not YAML.
    """
    if not is_utf_8(text):
        raise UsageError(Problem(f"'{text}' is not UTF-8", hint="--set section.key=value"))
    sign = "++" if text.startswith("++") else text[:1] if text[:1] in ("+", "~") else ""
    left, equals, right = _split(text[len(sign) :])
    origin = Origin(f"--set {text}", layer="--set")
    try:
        path = parse_path(left)
    except ValueError:
        path = ()
    if not path or (sign == "~") == bool(equals):
        raise UsageError(Problem(f"'{text}' is not an assignment", hint="--set section.key=value, or ~section.key to remove"))
    if path[0] in MADE_SECTIONS or len(path) == 1:
        summary = f"the section '{path[0]}' is made by mkflow" if len(path) > 1 else f"'{left}' names a section and no key in it"
        raise UsageError(Problem(summary, hint="--set section.key=value"))
    return Assignment(text, sign, path, None if sign == "~" else _value(right, origin, text))


def _split(text: str) -> tuple[str, str, str]:
    """At the first equals sign outside quotes."""
    quoted = False
    for position, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == "=" and not quoted:
            return text[:position], "=", text[position + 1 :]
    return text, "", ""


def _value(text: str, origin: Origin, whole: str) -> Node:
    try:
        node = read_value(text, Source(origin.source))
    except Refusal as refusal:
        problem = refusal.problem._replace(origins=(origin,))
        raise UsageError(problem) from None
    return _placed(node, origin) if node is not None else Node(None, origin)


def _placed(node: Node, origin: Origin) -> Node:
    value = node.value
    if isinstance(value, dict):
        value = {key: _placed(item, origin) for key, item in value.items()}
    elif isinstance(value, tuple):
        value = tuple(_placed(item, origin) for item in value)
    return node._replace(value=value, origin=origin, key_at=None)


def layer_of(assignment: Assignment, settings: Node) -> tuple[Node, Problem | None]:
    """One assignment as a layer over the merged settings, or why it cannot be.

    Returns:
        A tree for :func:`merge.merge`, empty if there is a problem.
    """
    origin = Origin(f"--set {assignment.text}", layer="--set")
    present = at(settings, assignment.path)
    nothing = Node({}, origin)
    if assignment.sign == "+" and present is not None:
        summary = f"'{dotted(assignment.path)}' exists already"
        return nothing, Problem(summary, assignment.path, (origin, present.origin), f"--set {assignment.text[1:]}")
    if assignment.sign in ("", "~") and present is None:
        return nothing, _absent(assignment, settings, origin)
    index = next((part for part, step in enumerate(assignment.path) if _is_item(settings, assignment.path, part)), None)
    if index is not None:
        return _into_list(assignment, settings, index, origin)
    value = assignment.value if assignment.value is not None else Node(None, origin, "reset")
    return assign(nothing, assignment.path, value), None


def _is_item(settings: Node, path: Path, part: int) -> bool:
    above = at(settings, path[:part])
    return above is not None and isinstance(above.value, tuple)


def _into_list(assignment: Assignment, settings: Node, part: int, origin: Origin) -> tuple[Node, Problem | None]:
    """An item of a list: the whole list is written again, the other items as they are."""
    above = at(settings, assignment.path[:part])
    assert above is not None and isinstance(above.value, tuple)
    step, rest = assignment.path[part], assignment.path[part + 1 :]
    nothing = Node({}, origin)
    if not step.isdigit() or int(step) >= len(above.value) or rest:
        hint = f"--set {dotted(assignment.path[:part])}=[...]"
        return nothing, Problem(f"'{dotted(assignment.path)}' is no item of a list", assignment.path, (origin, above.origin), hint)
    items = list(above.value)
    if assignment.value is None:
        del items[int(step)]
    else:
        items[int(step)] = assignment.value
    return assign(nothing, assignment.path[:part], Node(tuple(items), origin)), None


def _absent(assignment: Assignment, settings: Node, origin: Origin) -> Problem:
    path = assignment.path
    length = next((size for size in range(len(path)) if at(settings, path[: size + 1]) is None), len(path) - 1)
    above = at(settings, path[:length])
    known = list(above.value) if above is not None and isinstance(above.value, dict) else []
    meant = nearest(path[length], known)
    in_list = above is not None and isinstance(above.value, tuple)
    summary = f"there is no setting '{dotted(path)}'"
    if in_list:
        hint = f"--set '{dotted(path[:length])}=!append [...]'"
    elif meant:
        rest = assignment.text.partition("=")[1] + assignment.text.partition("=")[2]
        hint = f"--set {assignment.sign}{dotted((*path[:length], meant, *path[length + 1 :]))}{rest}"
    else:
        hint = f"--set +{assignment.text}, to add it" if assignment.sign == "" else ""
    return Problem(summary, path, (origin,), hint)


def parse_assignments(texts: tuple[str, ...]) -> tuple[Assignment, ...]:
    """Read all ``--set``, in the order given.

    Raises:
        UsageError: with the problems of all of them.
    """
    problems: list[Problem] = []
    found = []
    for text in texts:
        try:
            found.append(parse_assignment(text))
        except MkflowError as error:
            problems += error.problems
    if problems:
        raise UsageError(*problems)
    return tuple(found)
