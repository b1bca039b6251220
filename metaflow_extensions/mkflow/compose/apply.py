"""The ``flow`` section put onto a flow: code < settings < ``--with``, attribute by attribute.

Runs in every process of a run and must come to the same result in each, so it reads the Config only.
Flow decorators and parameters are changed in ``pre_mutate``, before Metaflow looks at them; step
decorators in ``mutate``, when those of ``--with`` are there and can be told from those of the code.
"""

from __future__ import annotations

import json
from typing import Any

from metaflow.user_configs.config_parameters import resolve_delayed_evaluator, unpack_delayed_evaluator

from .shape import OWN_KEYS, decorators_of, over, without_nulls


def apply_to_flow(mutable_flow: Any, section: dict[str, Any]) -> None:
    """Flow decorators and parameter defaults; to be called in ``pre_mutate``."""
    from metaflow.flowspec import FlowStateItems

    for name, wanted in section.items():
        if name in OWN_KEYS:
            continue
        present = mutable_flow._flow_cls._flow_state[FlowStateItems.FLOW_DECORATORS].get(name, [])
        _apply(mutable_flow, name, wanted, present)
    _take_away(mutable_flow, section)
    wanted_defaults = section.get("parameters") or {}
    for _, parameter in mutable_flow.parameters:
        if parameter.name in wanted_defaults:
            _set_default(parameter, wanted_defaults[parameter.name])


def translate_schedule(mutable_flow: Any, orchestrator: str) -> None:
    """Standard cron, in settings or code, for the orchestrator that is deployed to; to be called in ``pre_mutate``.

    Raises:
        ValueError: if the expression is wrong, or the orchestrator cannot say it.
    """
    from metaflow.flowspec import FlowStateItems

    from .cron import for_orchestrator

    for decorator in mutable_flow._flow_cls._flow_state[FlowStateItems.FLOW_DECORATORS].get("schedule", []):
        attributes, _ = unpack_delayed_evaluator(decorator.attributes)
        attributes = resolve_delayed_evaluator(attributes, to_dict=True)
        decorator.attributes = {**attributes, **for_orchestrator(attributes, orchestrator)}


def _take_away(mutable_flow: Any, section: dict[str, Any]) -> None:
    """Step decorators of the code that are null in the settings: gone before ``--with`` looks for them."""
    steps = section.get("steps") or {}
    for name, step in mutable_flow.steps:
        for decorator, wanted in decorators_of(steps, name).items():
            if wanted is None:
                step.remove_decorator(decorator)


def apply_to_steps(mutable_flow: Any, section: dict[str, Any]) -> None:
    """Step decorators; to be called in ``mutate``."""
    steps = section.get("steps") or {}
    if not steps:
        return
    for name, step in mutable_flow.steps:
        for decorator, wanted in decorators_of(steps, name).items():
            if wanted is not None:
                present = [deco for deco in step._my_step.decorators if deco.name == decorator]
                _apply(step, decorator, wanted, present)
                _start_all(step._my_step, decorator)


def _start_all(step: Any, name: str) -> None:
    """Start what was added or changed; before 2.19.20 or so, Metaflow does that for all decorators earlier than this.

    One that was started before it was changed is made anew, for not every decorator can be started twice.
    """
    for index, decorator in enumerate(step.decorators):
        if decorator.name != name:
            continue
        if decorator._ran_init:
            given = {key: value for key, value in decorator.attributes.items() if key in decorator._user_defined_attributes}
            step.decorators[index] = type(decorator)(given, decorator.statically_defined, decorator.inserted_by)
        step.decorators[index].external_init()



def _apply(target: Any, name: str, wanted: Any, present: list[Any]) -> None:
    """One decorator on a flow or a step: take away, change or add."""
    from_command_line = [deco for deco in present if not deco.statically_defined and deco.inserted_by is None]
    if wanted is None or isinstance(wanted, list):
        if len(from_command_line) < len(present):
            target.remove_decorator(name)
        for attributes in wanted or ():
            _add(target, name, attributes)
    elif not present:
        _add(target, name, wanted)
    else:
        for decorator in present:
            _change(decorator, wanted, decorator in from_command_line)


def _add(target: Any, name: str, attributes: dict[str, Any]) -> None:
    given = {key: without_nulls(value) for key, value in attributes.items() if value is not None}
    added = target.add_decorator(name, deco_kwargs=given)
    if hasattr(added, "_user_defined_attributes"):
        # add_decorator of Metaflow 2.19 forgets this, and @project then ignores its branch.
        added._user_defined_attributes.update(given)


def _change(decorator: Any, wanted: dict[str, Any], command_line_wins: bool) -> None:
    """Set attributes of a decorator that is there; what the command line gave stays."""
    attributes, unpacked = unpack_delayed_evaluator(decorator.attributes)
    attributes = resolve_delayed_evaluator(attributes, to_dict=True)
    user_defined = decorator._user_defined_attributes
    user_defined.update(unpacked)
    for key, value in wanted.items():
        if command_line_wins and key in user_defined:
            continue
        below = attributes.get(key)
        merged = over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        attributes[key] = without_nulls(merged)
        user_defined.add(key)
    decorator.attributes = attributes


def _set_default(parameter: Any, value: Any) -> None:
    """A new default, also for a required parameter, which is then satisfied."""
    if isinstance(value, (dict, list)):
        value = json.dumps(value)
    parameter._override_kwargs["default"] = value
    parameter._override_kwargs["required"] = False
