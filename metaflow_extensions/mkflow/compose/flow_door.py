"""``python flows/training.py run`` without ``--config``: which project, flow, binding and profile is it?"""

from __future__ import annotations

import os
import pathlib
import sys
from collections.abc import Mapping
from typing import Any

from .compiled import flow_origins
from .environment import read_facts
from .errors import Problem, SettingsError, UsageError
from .flowfile import flow_class
from .model import DEFAULT_BINDING, Flow, Key, Project
from .pipeline import Composer, profile_in_force, read_flow_file
from .project import find_root, load
from .select import some, unknown
from .tree import plain

DEPLOYERS = ("step-functions", "argo-workflows", "airflow")


def compose_flow(file: str, class_name: str, any_binding: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings of a flow, found by its file.

    Args:
        file: the path of the flow file.
        class_name: the name of the flow's class, for a file that is a copy (NBRunner makes one).
        any_binding: whether the first binding will do where none is named.

    Returns:
        Plain data, the same that ``mkflow compile`` writes, and the places of its ``flow`` section.

    Raises:
        UsageError: if the file belongs to no project, or the binding or profile is unclear.
        SettingsError: if the settings are wrong.
    """
    path = pathlib.Path(file).resolve()
    env = dict(os.environ)
    project, flow = _find_flow(path, class_name)
    facts = read_facts(project.root, env)
    profile = profile_in_force(project, None, env, facts.git.branch)
    binding = choose_binding(flow, None, env, any_binding)
    deploying = any(word in DEPLOYERS for word in sys.argv[1:])
    composer = Composer(project, facts, local=not deploying)
    instance = composer.instance(Key(flow.name, binding, profile.name))
    return plain(instance.settings), flow_origins(instance)


def choose_binding(flow: Flow, asked: str | None, env: Mapping[str, str], any_binding: bool = False) -> str:
    """The binding of a single instance: as asked, else ``MKFLOW_BINDING``, else the only one there is.

    Raises:
        UsageError: if there is no such binding, or several and none was named.
    """
    name = asked or env.get("MKFLOW_BINDING")
    if flow.bindings == (DEFAULT_BINDING,) and not asked:
        return DEFAULT_BINDING
    if name:
        if name not in flow.bindings:
            raise UsageError(unknown("binding", name, flow.bindings))
        return name
    if len(flow.bindings) == 1 or (any_binding and flow.bindings):
        return flow.bindings[0]
    if not flow.bindings:
        raise UsageError(Problem(f"the flow '{flow.name}' has no binding", (), (flow.origin,), "bindings: none"))
    summary = f"the flow '{flow.name}' has several bindings: {some(flow.bindings)}"
    raise UsageError(Problem(summary, hint=f"MKFLOW_BINDING={flow.bindings[0]}, or mkflow run --binding {flow.bindings[0]}"))


def _find_flow(path: pathlib.Path, class_name: str) -> tuple[Project, Flow]:
    """By the file, else (a copy) by the class; from the file's folder upwards, else from the current one."""
    starts = [path.parent, pathlib.Path.cwd()]
    root = None
    for start in starts:
        try:
            root = find_root(start)
        except UsageError:
            continue
        project = load(root)
        for flow in project.flows.values():
            if (root / flow.file).resolve() == path:
                return project, flow
        for flow in project.flows.values():
            if class_name and _class_of(project, flow) == class_name:
                return project, flow
    if root is None:
        find_root(starts[0])
    raise UsageError(
        Problem(f"'{path.name}' is no flow of the project '{project.name}'", hint=f"flows: {{{path.stem}: {{file: ...}}}} in {project.file}")
    )


def _class_of(project: Project, flow: Flow) -> str:
    try:
        return flow_class(read_flow_file(project, flow.name))
    except SettingsError:
        return ""


def settings_for(
    flow: str, binding: str | None = None, profile: str | None = None, start: str | os.PathLike[str] = "."
) -> dict[str, Any]:
    """The settings of an instance as plain data, for a notebook or a ``Runner(config_value=...)``.

    Args:
        flow: the flow's name in the project.
        binding: as ``--binding``; ``MKFLOW_BINDING`` and the only binding there is stand in for it.
        profile: as ``--profile``.
        start: a folder inside the project.

    Raises:
        UsageError: if there is no such project, flow, binding or profile.
        SettingsError: if the settings are wrong.
    """
    project = load(find_root(pathlib.Path(start).resolve()))
    if flow not in project.flows:
        raise UsageError(unknown("flow", flow, list(project.flows)))
    facts = read_facts(project.root, dict(os.environ))
    chosen = profile_in_force(project, profile, facts.env, facts.git.branch)
    key = Key(flow, choose_binding(project.flows[flow], binding, facts.env), chosen.name)
    settings: dict[str, Any] = plain(Composer(project, facts).instance(key).settings)
    return settings
