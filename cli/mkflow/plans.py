"""What plan, deploy, status and destroy share: the deployable instances and the plan for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from metaflow_extensions.mkflow.compose.errors import Problem, SettingsError, UsageError, by_place
from metaflow_extensions.mkflow.compose.model import Change, Deployed, Instance
from metaflow_extensions.mkflow.compose.orchestrators import MODULES, Orchestrator, orchestrator
from metaflow_extensions.mkflow.compose.pipeline import Composer
from metaflow_extensions.mkflow.compose.planning import differences, name_clashes, plan
from metaflow_extensions.mkflow.compose.select import all_keys
from metaflow_extensions.mkflow.version import __version__

from .render import inline, out, plural, style, table
from .session import Selection, Session

SIGNS = {"create": ("+", "green"), "update": ("~", "yellow"), "drift": ("!", "magenta"), "incomplete": ("!", "magenta"),
         "orphan": ("-", "red"), "taken": ("x", "red"), "unchanged": ("=", None)}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """The changes, with what is needed to carry them out."""

    changes: tuple[Change, ...]
    instances: dict[str, Instance]
    orchestrator: Orchestrator


def deployable(session: Session, selection: Selection) -> list[Instance]:
    """The chosen instances as they would be deployed.

    Raises:
        UsageError: if a profile has no orchestrator, or one that mkflow cannot deploy to.
        SettingsError: with all problems of all of them; nothing is touched then.
    """
    keys = session.keys(selection)
    for profile in dict.fromkeys(key.profile for key in keys):
        name = session.project.profiles[profile].orchestrator
        if name is None:
            hint = f"orchestrator: {next(iter(MODULES))} in profiles.{profile}, or --profile"
            raise UsageError(Problem(f"the profile '{profile}' has no orchestrator", hint=hint))
        if name not in MODULES:
            raise UsageError(Problem(f"mkflow {__version__} cannot deploy to {name} yet", hint=f"python flow.py ... {name} create"))
    composer = Composer(session.project, session.facts, local=False, deploying=True)
    outcomes = list(composer.outcomes(keys))
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    instances = [outcome.instance for outcome in outcomes if outcome.instance]
    problems += name_clashes(instances)
    if problems:
        raise SettingsError(*by_place(problems))
    return instances


def make_plan(session: Session, selection: Selection) -> Plan:
    """Ask the orchestrator once and compare; nothing is written anywhere."""
    instances = deployable(session, selection)
    target = orchestrator(instances[0].orchestrator or "")
    found = target.holds(session.project.name, session.env)
    found = _with_definitions(found, session.project.name, target, session)
    profiles = {instance.key.profile for instance in instances}
    known = set(all_keys(session.project, list(session.project.profiles)))
    by_key = {str(instance.key): instance for instance in instances}
    changes = plan(instances, found, session.project.name, known, profiles)
    return Plan(tuple(_explained(change, by_key, target, session) for change in changes), by_key, target)


def _explained(change: Change, instances: dict[str, Instance], target: Orchestrator, session: Session) -> Change:
    """A change of settings with what changes; the deployed settings are in the code package."""
    if change.deployed is None or change.action != "update" or "settings" not in change.reason:
        return change
    deployed = target.settings(change.deployed, session.env)
    if deployed is None:
        return change._replace(reason=f"{change.reason} (those deployed cannot be read)")
    return change._replace(differences=differences(deployed, instances[str(change.key)].settings))


def _with_definitions(found: dict[str, Deployed], project: str, target: Orchestrator, session: Session) -> dict[str, Deployed]:
    """What is there now, for the objects that are ours: only they can have drifted."""
    ours = [entry for entry in found.values() if entry.record and entry.record.project == project]
    digests = target.definitions(ours, session.env)
    return {name: entry._replace(definition=digests.get(name, "")) for name, entry in found.items()}


def changes_json(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """The documented shape of ``plan --format json``."""
    return [
        {"action": change.action, "instance": change.name, "flow": change.key.flow, "binding": change.key.binding,
         "profile": change.key.profile, "reason": change.reason,
         "differences": [difference._asdict() for difference in change.differences]}
        for change in changes
    ]  # fmt: skip


def show_changes(changes: Sequence[Change]) -> None:
    """The changes, then one line that counts them."""
    quiet = [change for change in changes if change.action == "unchanged"]
    for change in changes:
        if change.action == "unchanged":
            continue
        sign, colour = SIGNS[change.action]
        out(style(f"{sign} {change.action.ljust(10)} {str(change.key).ljust(28)} {change.name}", fg=colour) + f"  {change.reason}")
        rows = [(found.path, f"{inline(found.deployed)} -> {inline(found.planned)}", found.origin) for found in change.differences]
        if rows:
            out(table(rows, indent="    "))
    if quiet:
        out(f"= {plural(len(quiet), 'instance')} unchanged")
    counts = {action: sum(1 for change in changes if change.action == action) for action in SIGNS}
    said = ", ".join(f"{count} {action}" for action, count in counts.items() if count and action != "unchanged")
    out(said or "nothing to do")
