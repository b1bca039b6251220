"""Which sources an instance has, lowest first: the order of precedence, in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from .errors import Problem, SettingsError
from .model import LOCAL, Key, Layer, Project, SettingsFile
from .select import parse_selector
from .source import Source
from .tree import Node, Origin

ReadFile = Callable[[Source], Node]
"""Gives the content of a settings file; the caller decides what is kept and read again."""


class Step(NamedTuple):
    """A layer before its files are read: its name, its files, and trees that are known already."""

    name: str
    files: tuple[SettingsFile, ...] = ()
    trees: tuple[Node, ...] = ()


def steps(project: Project, key: Key, local: bool) -> Iterator[Step]:
    """The layers of an instance, lowest first; ``--set`` comes after them.

    Args:
        project: gives the files and the overrides.
        key: the instance.
        local: whether this person's own files take part; never for a production profile.
    """
    binding = project.bindings.get(key.binding)
    names = (binding.maker, key.binding) if binding and binding.maker else (key.binding,)
    cell = (binding.cell,) if binding and binding.cell else ()

    yield _step(project, "", "")
    yield _step(project, "", key.profile)
    for name in names:
        yield _step(project, name, "")
    yield Step(f"matrix cell {key.binding}", (), cell)
    for name in names:
        yield _step(project, name, key.profile)
    yield Step("overrides", (), _overrides(project, key))
    if local and not project.profiles[key.profile].production:
        yield _step(project, LOCAL, "")


def layer_name(binding: str, profile: str) -> str:
    """What the layer of a file is called."""
    if binding == LOCAL:
        return LOCAL
    if not binding:
        return f"profile {profile}" if profile else "global"
    return f"binding {binding} in profile {profile}" if profile else f"binding {binding}"


def _step(project: Project, binding: str, profile: str) -> Step:
    return Step(layer_name(binding, profile), project.files.get((binding, profile), ()))


def _overrides(project: Project, key: Key) -> tuple[Node, ...]:
    return tuple(entry.values for entry in project.overrides if parse_selector(entry.match).matches(key))


def read_layers(plan: list[Step], read: ReadFile, problems: list[Problem]) -> Iterator[Layer]:
    """Read the files of a plan; a file that is wrong is a problem and the others are still read."""
    for step in plan:
        sections: dict[str, Node] = {}
        for file in step.files:
            try:
                sections[file.section] = read(Source(file.path, step.name))
            except SettingsError as error:
                problems.extend(problem for problem in error.problems if problem not in problems)
        if sections:
            yield Layer(step.name, Node(sections, Origin(step.name, layer=step.name)))
        for tree in step.trees:
            yield Layer(step.name, relabel(tree, step.name))


def relabel(node: Node, layer: str) -> Node:
    """The same node as part of another layer; values of the project file are read before they have one."""
    origin = node.origin._replace(layer=layer)
    if isinstance(node.value, dict):
        return node._replace(value={key: relabel(item, layer) for key, item in node.value.items()}, origin=origin)
    if isinstance(node.value, tuple):
        return node._replace(value=tuple(relabel(item, layer) for item in node.value), origin=origin)
    return node._replace(origin=origin)
