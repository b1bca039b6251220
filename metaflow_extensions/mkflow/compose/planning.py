"""Instances against what is deployed: what a deployment would do, and why. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from .errors import Problem
from .model import MADE_SECTIONS, Change, Deployed, Difference, Instance, Key
from .names import deployed_name
from .tree import Node, Origin, compare, from_plain

WORK = ("create", "update", "drift", "incomplete")
"""Actions that a deployment carries out."""

_REASONS = {
    "settings": "the settings differ", "code": "the code differs", "options": "the options differ",
    "tools": "deployed by another version of Metaflow",
}  # fmt: skip


def plan(
    instances: Sequence[Instance], deployed: Mapping[str, Deployed], project: str, known: Collection[Key],
    profiles: Collection[str],
) -> tuple[Change, ...]:  # fmt: skip
    """Compare instances with what their orchestrator holds.

    Args:
        instances: those that are selected, all of one orchestrator.
        deployed: everything there, by name, ours or not.
        project: the name of this project.
        known: all instances of the project, selected or not.
        profiles: the profiles that were asked for; orphans of others are not ours to tell.
    """
    changes = [_change(instance, deployed, project) for instance in instances]
    changes += [
        Change("orphan", found.record.key, found.name, "not in the project any more", found)
        for found in deployed.values()
        if found.record and found.record.project == project and found.record.profile in profiles and found.record.key not in known
    ]
    return tuple(changes)


def _change(instance: Instance, deployed: Mapping[str, Deployed], project: str) -> Change:
    assert instance.orchestrator is not None
    name = deployed_name(instance.name, instance.orchestrator)
    found = deployed.get(name)
    if found is None:
        return Change("create", instance.key, name, "not deployed")
    record = found.record
    if record is None:
        return Change("incomplete", instance.key, name, "deployed, but not recorded by mkflow", found)
    if record.project != project or record.name != instance.name:
        return Change("taken", instance.key, name, f"the name belongs to '{record.name}'", found)
    parts = [part for part in _REASONS if record.parts.get(part) != instance.parts[part]]
    if parts:
        return Change("update", instance.key, name, ", ".join(_REASONS[part] for part in parts), found)
    if found.definition and found.definition != record.definition:
        return Change("drift", instance.key, name, "redeployed outside mkflow", found)
    return Change("unchanged", instance.key, name, "", found)


def differences(deployed: Mapping[str, object], planned: Node) -> tuple[Difference, ...]:
    """What changes in the settings: both values, and the place that causes it.

    Args:
        deployed: the settings in the code package of what is deployed.
        planned: the settings of the instance.
    """
    before = from_plain(dict(deployed), Origin("deployed"))
    return tuple(
        Difference(path, one.value if one else None, two.value if two else None, str(two.origin) if two else "removed")
        for path, one, two in compare(before, planned, MADE_SECTIONS)
    )


def name_clashes(instances: Sequence[Instance]) -> list[Problem]:
    """Two instances that would have one deployed name."""
    taken: dict[tuple[str, str], Instance] = {}
    problems = []
    for instance in instances:
        if instance.orchestrator is None:
            continue
        name = deployed_name(instance.name, instance.orchestrator)
        other = taken.setdefault((instance.orchestrator, name), instance)
        if other is not instance:
            problems.append(Problem(f"{instance.key} and {other.key} would both be deployed as '{name}'", hint="another name of one of the bindings"))
    return problems
