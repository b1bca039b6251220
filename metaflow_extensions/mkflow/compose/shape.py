"""The ``flow`` section against a flow: what is unknown or of the wrong kind, and what each step gets.

Pure: the flow is described by a :class:`FlowShape`, which ``flow_probe`` reads from Metaflow. Runs in
``mkflow check``, where nodes have their places, and in the flow's own process before anything runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from .errors import Problem
from .spelling import nearest
from .tree import Node, Path, child, plain

OWN_KEYS = ("steps", "parameters", "flows")
"""Keys of the section that are no decorators."""


class DecoratorKind(NamedTuple):
    """A decorator's attributes with the kind of each, None where any attribute goes; may it stand several times?"""

    attributes: Mapping[str, str] | None
    multiple: bool


class FlowShape(NamedTuple):
    """What the section is checked against; plain data, so that a child process can hand it over as JSON.

    ``schedule`` are the attributes of ``@schedule`` in the code, where there is one and they are plain.
    """

    flow_class: str
    steps: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, str]
    step_decorators: Mapping[str, DecoratorKind]
    flow_decorators: Mapping[str, DecoratorKind]
    schedule: Mapping[str, Any] | None = None


def shape_from_json(text: str) -> FlowShape:
    """The shape that :func:`shape_to_json` wrote."""
    raw = json.loads(text)
    of_steps, of_flows = (
        {name: DecoratorKind(*kind) for name, kind in raw[part].items()} for part in ("step_decorators", "flow_decorators")
    )
    steps = {name: tuple(decorators) for name, decorators in raw["steps"].items()}
    return FlowShape(raw["flow_class"], steps, raw["parameters"], of_steps, of_flows, raw["schedule"])


def shape_to_json(shape: FlowShape) -> str:
    """The shape as JSON text."""
    return json.dumps(shape._asdict())


def shape_problems(section: Node, shape: FlowShape) -> list[Problem]:
    """Everything in the ``flow`` section that does not fit the flow.

    Args:
        section: the resolved section, already without ``flows``.
        shape: the flow.
    """
    problems: list[Problem] = []
    for key, node in _items(section, ("flow",), problems):
        if key == "steps":
            _check_steps(node, shape, problems)
        elif key == "parameters":
            _check_parameters(node, shape, problems)
        elif key not in OWN_KEYS:
            _check_flow_decorator(key, node, shape, problems)
    return problems


def schedule_problems(section: Node, orchestrator: str | None) -> list[Problem]:
    """A cron expression or time zone that is wrong, or that the instance's orchestrator cannot say.

    Args:
        section: the resolved ``flow`` section.
        orchestrator: None for an instance that is not deployed.
    """
    schedule = child(section, "schedule")
    if schedule is None or not isinstance(schedule.value, dict):
        return []
    from .cron import CronError, NotExpressible, for_orchestrator, of_schedule, zone

    attributes = plain(schedule)
    blamed = "cron"
    try:
        of_schedule(attributes)
        blamed = "timezone" if attributes.get("timezone") else "cron"
        zone(attributes.get("timezone"))
        if orchestrator:
            for_orchestrator(attributes, orchestrator)
    except (CronError, NotExpressible) as error:
        place = schedule.value.get(blamed, schedule)
        return [Problem(str(error), ("flow", "schedule", blamed), (place.origin,))]
    return []


def _items(node: Node, path: Path, problems: list[Problem]) -> Iterator[tuple[str, Node]]:
    if isinstance(node.value, dict):
        yield from node.value.items()
    elif node.value is not None:
        summary = f"'{path[-1]}' is {_ARTICLES[_word(node)]}, not a mapping"
        problems.append(Problem(summary, path, (node.origin,), f"{path[-1]}: {{name: ...}}"))


def _check_flow_decorator(name: str, node: Node, shape: FlowShape, problems: list[Problem]) -> None:
    path = ("flow", name)
    kind = shape.flow_decorators.get(name)
    if kind is not None:
        _check_decorator(name, kind, node, path, problems)
        return
    if name in shape.step_decorators:
        hint = f"steps: {{\"*\": {{{name}: ...}}}}"
        problems.append(Problem(f"'{name}' is a decorator of steps, not of flows", path, (node.key_origin,), hint))
        return
    meant = nearest(name, [*OWN_KEYS, *shape.flow_decorators])
    problems.append(Problem(f"there is no flow decorator '{name}'", path, (node.key_origin,), meant or ""))


def _check_steps(steps: Node, shape: FlowShape, problems: list[Problem]) -> None:
    for pattern, step in _items(steps, ("flow", "steps"), problems):
        path: Path = ("flow", "steps", pattern)
        if not any(fnmatchcase(name, pattern) for name in shape.steps):
            meant = nearest(pattern, list(shape.steps))
            hint = meant or "one of " + ", ".join(shape.steps)
            summary = f"there is no step '{pattern}' in {shape.flow_class}"
            problems.append(Problem(summary, path, (step.key_origin,), hint))
        for name, node in _items(step, path, problems):
            _check_step_decorator(name, node, (*path, name), shape, problems)


def _check_step_decorator(name: str, node: Node, path: Path, shape: FlowShape, problems: list[Problem]) -> None:
    kind = shape.step_decorators.get(name)
    if kind is not None:
        _check_decorator(name, kind, node, path, problems)
    elif name in shape.flow_decorators:
        hint = f"{name}: ... beside `steps`"
        problems.append(Problem(f"'{name}' is a decorator of flows, not of steps", path, (node.key_origin,), hint))
    else:
        meant = nearest(name, list(shape.step_decorators))
        problems.append(Problem(f"there is no step decorator '{name}'", path, (node.key_origin,), meant or ""))


def _check_decorator(name: str, kind: DecoratorKind, node: Node, path: Path, problems: list[Problem]) -> None:
    if node.value is None:
        return
    if isinstance(node.value, tuple):
        if not kind.multiple:
            summary = f"'{name}' may stand once only, and this is a list"
            problems.append(Problem(summary, path, (node.origin,), f"{name}: {{...}}"))
            return
        for index, item in enumerate(node.value):
            _check_attributes(name, kind, item, (*path, index), problems)
        return
    _check_attributes(name, kind, node, path, problems)


def _check_attributes(name: str, kind: DecoratorKind, node: Node, path: Path, problems: list[Problem]) -> None:
    if not isinstance(node.value, dict):
        hint = f"{name}: {{attribute: value}}, or {name}: null to take it away"
        problems.append(Problem(f"'{name}' is {_ARTICLES[_word(node)]}, not a mapping of attributes", path, (node.origin,), hint))
        return
    if kind.attributes is None:
        return
    for key, value in node.value.items():
        wanted = kind.attributes.get(key)
        if wanted is None:
            meant = nearest(key, list(kind.attributes))
            hint = meant or ("one of " + ", ".join(kind.attributes) if kind.attributes else f"{name}: {{}}")
            problems.append(Problem(f"the decorator '{name}' has no attribute '{key}'", (*path, key), (value.key_origin,), hint))
        elif not _fits(value, wanted):
            summary = f"'{key}' of '{name}' is {_ARTICLES[wanted]}, not {_ARTICLES[_word(value)]}"
            problems.append(Problem(summary, (*path, key), (value.origin,)))


def _fits(node: Node, wanted: str) -> bool:
    value = node.value
    if value is None or wanted == "any":
        return True
    if wanted == "truth":
        return isinstance(value, bool)
    if wanted == "number":
        return (isinstance(value, (int, float)) and not isinstance(value, bool)) or (isinstance(value, str) and _numeric(value))
    if wanted == "mapping":
        return isinstance(value, dict)
    if wanted == "list":
        return isinstance(value, tuple)
    return not isinstance(value, (dict, tuple))


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_ARTICLES = {
    "mapping": "a mapping", "list": "a list", "null": "null", "truth": "true or false", "number": "a number", "text": "text",
}  # fmt: skip


def _word(node: Node) -> str:
    value = node.value
    if isinstance(value, dict):
        return "mapping"
    if isinstance(value, tuple):
        return "list"
    if value is None:
        return "null"
    return {"bool": "truth", "int": "number", "float": "number"}.get(type(value).__name__, "text")


_PARAMETER_TYPES: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,), "str": (str,)}


def _check_parameters(parameters: Node, shape: FlowShape, problems: list[Problem]) -> None:
    for name, node in _items(parameters, ("flow", "parameters"), problems):
        path = ("flow", "parameters", name)
        wanted = shape.parameters.get(name)
        if wanted is None:
            meant = nearest(name, list(shape.parameters))
            hint = meant or ("one of " + ", ".join(shape.parameters) if shape.parameters else "")
            summary = f"there is no parameter '{name}' in {shape.flow_class}"
            problems.append(Problem(summary, path, (node.key_origin,), hint))
        elif not _parameter_fits(node, wanted):
            summary = f"the parameter '{name}' is of type {wanted}, and the default is {_ARTICLES[_word(node)]}"
            problems.append(Problem(summary, path, (node.origin,)))


def _parameter_fits(node: Node, wanted: str) -> bool:
    value = node.value
    if value is None:
        return False
    if wanted == "JSON":
        return not isinstance(value, str) or _is_json(value)
    if wanted not in _PARAMETER_TYPES:
        return not isinstance(value, (dict, tuple))
    return isinstance(value, _PARAMETER_TYPES[wanted]) and (wanted == "bool" or not isinstance(value, bool))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def decorators_of(steps: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What the ``steps`` part says for one step: ``*``, then other globs as they are written, then its own name.

    Returns:
        Decorator to attributes, to a list of them, or to None where it is to be taken away.
    """
    globs = [pattern for pattern in steps if pattern not in ("*", name) and fnmatchcase(name, pattern)]
    merged: dict[str, Any] = {}
    for pattern in ("*", *globs, name):
        merged = over(merged, steps.get(pattern) or {})
    return merged


def over(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings merged at every depth; anything else of the higher one replaces."""
    result = dict(low)
    for key, value in high.items():
        below = result.get(key)
        result[key] = over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def without_nulls(value: Any) -> Any:
    """An attribute's mapping without the entries that are null: so an entry of the code is taken away."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


def for_flow(section: Node, flow: str, flows: Mapping[str, Any], problems: list[Problem]) -> tuple[Node, Node | None]:
    """Split the section into what is for all flows and what ``flows:`` says for one.

    Args:
        section: the merged section.
        flow: the flow of this instance.
        flows: the flows of the project; others are unknown.
    """
    if not isinstance(section.value, dict) or "flows" not in section.value:
        return section, None
    rest = section._replace(value={key: node for key, node in section.value.items() if key != "flows"})
    own = None
    for name, node in _items(section.value["flows"], ("flow", "flows"), problems):
        if name not in flows:
            meant = nearest(name, list(flows))
            path = ("flow", "flows", name)
            problems.append(Problem(f"there is no flow '{name}'", path, (node.key_origin,), meant or "one of " + ", ".join(flows)))
        elif node.value is not None and not isinstance(node.value, dict):
            summary = f"'{name}' is {_ARTICLES[_word(node)]}, not a mapping"
            problems.append(Problem(summary, ("flow", "flows", name), (node.origin,), f"{name}: {{schedule: ...}}"))
        elif name == flow and node.value is not None:
            own = node
    return rest, own


