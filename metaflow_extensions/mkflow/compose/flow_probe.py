"""What a flow looks like to Metaflow: its steps, parameters, and every decorator that could be used.

Used inside a flow's process, and as ``python -m ...flow_probe FILE`` in a child of ``mkflow check``, which
imports the flow file and prints its shape as JSON.
"""

from __future__ import annotations

import sys
from typing import Any

from metaflow.flowspec import FlowStateItems
from metaflow.parameters import JSONTypeClass
from metaflow.user_configs.config_parameters import DelayEvaluator

from .shape import DecoratorKind, FlowShape, shape_to_json


def describe(flow_cls: Any) -> FlowShape:
    """The shape of a flow class, before or after its settings are applied."""
    from metaflow.plugins import FLOW_DECORATORS, STEP_DECORATORS
    from metaflow.user_decorators.user_step_decorator import UserStepDecoratorMeta

    parameters = {param.name: _type_of(param) for _, param in flow_cls._get_parameters() if not param.IS_CONFIG_PARAMETER}
    step_decorators = {deco.name: _kind(deco) for deco in STEP_DECORATORS if not deco.name.endswith("_internal")}
    for name, user_decorator in UserStepDecoratorMeta.all_decorators().items():
        step_decorators.setdefault(name, _kind(user_decorator))
    return FlowShape(
        flow_cls.__name__,
        {step.__name__: tuple(deco.name for deco in step.decorators) for step in flow_cls._steps},
        parameters,
        step_decorators,
        {deco.name: _kind(deco) for deco in FLOW_DECORATORS},
        _schedule(flow_cls),
    )


def _schedule(flow_cls: Any) -> dict[str, Any] | None:
    """The attributes of the code's ``@schedule``; None if there is none, or a setting decides them."""
    found = flow_cls._flow_state[FlowStateItems.FLOW_DECORATORS].get("schedule")
    attributes = dict(found[0].attributes) if found else {}
    plain = all(value is None or isinstance(value, (str, bool)) for value in attributes.values())
    return attributes if attributes and plain else None


def _kind(decorator: Any) -> DecoratorKind:
    defaults = getattr(decorator, "defaults", None)
    if not isinstance(defaults, dict):
        return DecoratorKind(None, False)
    return DecoratorKind({name: _attribute(value) for name, value in defaults.items()}, bool(decorator.allow_multiple))


def _attribute(default: Any) -> str:
    """The kind of an attribute by its default; Metaflow 2.19 declares nothing more, and None may be anything."""
    if isinstance(default, bool):
        return "truth"
    if isinstance(default, (int, float)) or (isinstance(default, str) and default.isdigit()):
        return "number"
    kinds = {dict: "mapping", list: "list", str: "text"}
    return next((word for kind, word in kinds.items() if isinstance(default, kind)), "any")


def _type_of(param: Any) -> str:
    """``int``, ``float``, ``bool``, ``str``, ``JSON``, or ``any`` where only a deploy-time value will tell."""
    wanted = param._override_kwargs.get("type") or param.kwargs.get("type")
    default = param._override_kwargs.get("default")
    if wanted is None and default is not None:
        if callable(default) or isinstance(default, DelayEvaluator):
            return "any"
        wanted = type(default)
    if isinstance(wanted, JSONTypeClass) or wanted is dict:
        return "JSON"
    return getattr(wanted or str, "__name__", "any")


def load_flow(file: str) -> Any:
    """Import a flow file, not as ``__main__``, and give its flow class.

    Raises:
        Exception: whatever the file raises; LookupError if it has no flow.
    """
    import importlib.util
    import os

    from metaflow import FlowSpec

    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))
    spec = importlib.util.spec_from_file_location("flow_under_check", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found = [_flow_of(value) for value in vars(module).values()]
    flows = [
        value for value in found
        if isinstance(value, type) and issubclass(value, FlowSpec) and value.__module__ == spec.name
    ]  # fmt: skip
    # A base class of another flow of the file is no flow of its own.
    final = [flow for flow in flows if not any(other is not flow and issubclass(other, flow) for other in flows)]
    if not final:
        raise LookupError("there is no FlowSpec in this file")
    return final[-1]


def _flow_of(value: Any) -> Any:
    """The class behind a name; a flow under a FlowMutator without arguments is wrapped in the mutator."""
    return getattr(value, "_flow_cls", None) or value


def main() -> None:
    """Print the shape of a flow file on the last line of stdout."""
    shape = describe(load_flow(sys.argv[1]))
    print("\n" + shape_to_json(shape))


if __name__ == "__main__":
    main()
