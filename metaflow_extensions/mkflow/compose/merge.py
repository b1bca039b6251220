"""Layers to one node: the heart of mkflow.

``merge`` is a strict fold from the left that begins with the empty mapping. It is not associative
(``null`` is a value, tags act on what is below), so only prefixes of a list of layers may be shared.

=============  =======  =======  =======  =====  =========
low \\ high     mapping  list     scalar   null   reference
=============  =======  =======  =======  =====  =========
mapping        merge    error    error    null   replaces
list           error    replace  error    null   replaces
scalar         error    error    replace  null   replaces
null, ``???``  fills    fills    fills    fills  fills
reference      error    replaces replaces null   replaces
=============  =======  =======  =======  =====  =========

A value with a tag does what the tag says. What a value covers stays reachable as ``Node.replaced``;
an unchanged part of a lower layer is shared and never copied.
"""

from __future__ import annotations

import json

from .errors import Problem
from .spelling import nearest
from .tree import MISSING, Node, Path, kind, plain

_REPLACES = {
    ("list", "list"), ("scalar", "scalar"), ("reference", "list"), ("reference", "scalar"), ("mapping", "reference"),
    ("list", "reference"), ("scalar", "reference"), ("reference", "reference"),
}  # fmt: skip


def merge(low: Node, high: Node, problems: list[Problem], path: Path = ()) -> Node:
    """Merge one layer over what is below it.

    Args:
        low: the merged lower layers, free of tags except ``final``.
        high: the next layer, with its tags.
        problems: what is wrong is added here; the lower value then stays.

    Returns:
        The merged mapping, sharing what it can with both.
    """
    assert isinstance(low.value, dict) and isinstance(high.value, dict)
    result = dict(low.value)
    for key, new in high.value.items():
        here = (*path, key)
        old = low.value.get(key)
        if old is None:
            added = _added(new, problems, here)
            if added is not None:
                result[key] = added
        elif (old.tag == "final" or new.tag == "reset") and _is_locked(old, new, problems, here):
            continue
        elif new.tag == "reset":
            del result[key]
        else:
            result[key] = _over(old, new, problems, here)
    return low._replace(value=result)


def _over(old: Node, new: Node, problems: list[Problem], path: Path) -> Node:
    if new.tag and new.tag != "final":
        return _tagged(old, new, problems, path)
    if new.value == MISSING and type(new.value) is str:
        return old
    if old.value is None or old.value == MISSING:
        return _covering(old, new, problems, path)
    low, high = kind(old), kind(new)
    if low == high == "mapping":
        merged = merge(old, new, problems, path)
        return merged._replace(tag=new.tag)
    if high == "null" or (low, high) in _REPLACES:
        return old if _is_locked(old, new, problems, path) else _covering(old, new, problems, path)
    if low == "reference":
        hint = f"!override, or the settings that {_quote(old)} refers to"
        problems.append(_refuse(f"cannot merge a {high} over the reference {_quote(old)}", path, new, old, hint))
    else:
        problems.append(_refuse(f"a {high} cannot replace a {low}", path, new, old, "!override, if that is meant"))
    return old


def _is_locked(old: Node, new: Node, problems: list[Problem], path: Path) -> bool:
    """Tell whether something final is in the way of a new value for all of a node; it is a problem."""
    locked = _locked_below(old, path)
    if locked is not None:
        where, node = locked
        problems.append(_refuse(f"'{where[-1]}' is final and cannot be changed", where, new, node, "without one of the two"))
    return locked is not None


def _locked_below(node: Node, path: Path) -> tuple[Path, Node] | None:
    """The first value inside a node that is final, with its path."""
    if node.tag == "final":
        return path, node
    items = node.value.items() if isinstance(node.value, dict) else ()
    found = (_locked_below(item, (*path, key)) for key, item in items)
    return next((locked for locked in found if locked is not None), None)


def _tagged(old: Node, new: Node, problems: list[Problem], path: Path) -> Node:
    if new.tag == "override":
        return old if _is_locked(old, new, problems, path) else _covering(old, new, problems, path)
    if not isinstance(old.value, tuple) or not isinstance(new.value, tuple):
        problems.append(
            _refuse(f"'!{new.tag}' needs a list below, there is a {kind(old)}", path, new, old, "!override [...]")
        )
        return old
    if _has_tags(new._replace(tag="")):
        _added(new._replace(tag=""), problems, path)
    if new.tag == "append":
        items = old.value + new.value
    elif new.tag == "prepend":
        items = new.value + old.value
    else:
        items = _without(old, new, problems, path)
    return new._replace(value=items, tag="", replaced=old)


def _without(old: Node, new: Node, problems: list[Problem], path: Path) -> tuple[Node, ...]:
    assert isinstance(old.value, tuple) and isinstance(new.value, tuple)
    unwanted = [plain(item) for item in new.value]
    present = [plain(item) for item in old.value]
    for item in new.value:
        if not any(_same(plain(item), value) for value in present):
            meant = nearest(str(plain(item)), [str(value) for value in present if not isinstance(value, (dict, list))])
            hint = meant or "only what a lower layer has put into it"
            problems.append(_refuse(f"'!remove': {_quote(item)} is not in the list", path, item, old, hint))
    return tuple(item for item, value in zip(old.value, present) if not any(_same(value, other) for other in unwanted))


def _same(left: object, right: object) -> bool:
    """Equal as settings are: True is not 1."""
    return type(left) is type(right) and left == right


def _covering(old: Node, new: Node, problems: list[Problem], path: Path) -> Node:
    """The new value in place of the old one, which stays reachable."""
    added = _added(new._replace(tag="" if new.tag == "override" else new.tag), problems, path)
    return (added or new)._replace(replaced=old)


def _added(new: Node, problems: list[Problem], path: Path) -> Node | None:
    """A value with nothing below it; the tags inside it have nothing to act on."""
    if new.tag and new.tag != "final":
        problems.append(_refuse(f"'!{new.tag}' has nothing below to act on", path, new, None, "the value without the tag"))
        return None if new.tag == "reset" else new._replace(tag="")
    if not _has_tags(new):
        return new
    if isinstance(new.value, tuple):
        found = (_added(item, problems, (*path, index)) for index, item in enumerate(new.value))
        return new._replace(value=tuple(item for item in found if item is not None))
    assert isinstance(new.value, dict)
    items = {key: _added(item, problems, (*path, key)) for key, item in new.value.items()}
    return new._replace(value={key: item for key, item in items.items() if item is not None})


def _has_tags(node: Node) -> bool:
    if node.tag and node.tag != "final":
        return True
    if isinstance(node.value, dict):
        return any(map(_has_tags, node.value.values()))
    return isinstance(node.value, tuple) and any(map(_has_tags, node.value))


def _refuse(summary: str, path: Path, new: Node, old: Node | None, hint: str) -> Problem:
    origins = (new.origin,) if old is None else (new.origin, old.key_origin if isinstance(old.value, dict) else old.origin)
    return Problem(summary, path, origins, hint)


def _quote(node: Node) -> str:
    """A value as it is written: text in quotes, anything else as JSON has it."""
    value = plain(node)
    return f"'{value}'" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
