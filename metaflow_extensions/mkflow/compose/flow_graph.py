"""A flow's graph with every decorator as the settings make it, from Metaflow's own graph.

Run as ``python -m ...flow_graph FILE SETTINGS`` in a child of ``mkflow graph``; prints JSON on its last line.
"""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

from metaflow.flowspec import FlowStateItems
from metaflow.parameters import flow_context
from metaflow.user_configs.config_parameters import ConfigValue, resolve_delayed_evaluator, unpack_delayed_evaluator
from metaflow.user_decorators.mutable_flow import MutableFlow

from .author import NAME, parse
from .flow_probe import load_flow


def graph_of(flow_cls: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """The graph after the settings were applied, as Metaflow applies them before a run.

    Returns:
        ``flow``, ``decorators`` (of the flow), and ``steps`` in topological order, each with ``name``,
        ``type``, ``next`` and ``decorators``; a decorator is a name and the attributes that are no defaults.
    """
    with flow_context(flow_cls):
        flow_cls._flow_state.self_data[FlowStateItems.CONFIGS][NAME] = (settings, False)
        flow_cls._process_config_decorators({NAME: ConfigValue(settings)})
        for mutator in flow_cls._flow_state[FlowStateItems.FLOW_MUTATORS]:
            mutator.mutate(MutableFlow(flow_cls, False, mutator.statically_defined, [mutator.decorator_name]))
        by_step = {step.__name__: [_decorator(deco) for deco in step.decorators] for step in flow_cls._steps}
        groups = flow_cls._flow_state[FlowStateItems.FLOW_DECORATORS].values()
        of_flow = [_decorator(deco) for group in groups for deco in group if not deco.name.startswith("_")]
    graph = flow_cls._graph
    steps = [
        {"name": name, "type": graph[name].type, "next": list(graph[name].out_funcs), "decorators": by_step[name]}
        for name in graph.sorted_nodes
    ]
    return {"flow": flow_cls.__name__, "decorators": of_flow, "steps": steps}


def _decorator(deco: Any) -> dict[str, Any]:
    attributes = resolve_delayed_evaluator(unpack_delayed_evaluator(deco.attributes)[0], to_dict=True)
    shown = {key: value for key, value in attributes.items() if value is not None and value != deco.defaults.get(key)}
    return {"name": deco.name, "attributes": shown}


def main() -> None:
    """Print the graph of a flow file under a compiled settings file."""
    settings = parse(pathlib.Path(sys.argv[2]).read_text("utf-8"))
    print("\n" + json.dumps(graph_of(load_flow(sys.argv[1]), settings), default=str))


if __name__ == "__main__":
    main()
