"""``mkflow list``."""

from __future__ import annotations

from typing import Any

import click

from metaflow_extensions.mkflow.compose.names import deployed_name, instance_name
from metaflow_extensions.mkflow.compose.pipeline import Outcome
from metaflow_extensions.mkflow.compose.tree import at, plain

from ..options import output_format, pass_session, selection
from ..render import as_json, note, out, plural, table
from ..session import Selection, Session


@click.command("list", epilog="Examples: mkflow list, mkflow list training -p prod, mkflow list --format json")
@selection
@output_format("text", "json")
@pass_session
def command(session: Session, selection: Selection, kind: str) -> None:
    """Show the instances of the project, in all profiles unless one is asked for."""
    keys = session.keys(selection, all_profiles=True)
    entries = [_entry(session, outcome) for outcome in session.composer().outcomes(keys)]
    if kind == "json":
        as_json({"instances": entries})
        return
    rows = [
        (e["flow"], e["binding"], e["profile"], e["instance"], e["orchestrator"] or "-", _schedule(e), " ".join(e["tags"]))
        for e in entries
    ]
    out(table(rows, ("FLOW", "BINDING", "PROFILE", "INSTANCE", "ORCHESTRATOR", "SCHEDULE", "TAGS")))
    wrong = sum(1 for entry in entries if not entry["fingerprint"])
    if wrong:
        note(f"the settings of {plural(wrong, 'instance')} are wrong: mkflow check")


def _entry(session: Session, outcome: Outcome) -> dict[str, Any]:
    key, project = outcome.key, session.project
    binding = project.bindings.get(key.binding)
    name = instance_name(project, key, session.facts.git, session.facts.user)
    orchestrator = project.profiles[key.profile].orchestrator
    schedule = None
    if outcome.instance:
        node = at(outcome.instance.settings, ("flow", "schedule"))
        schedule = plain(node) if node else None
    return {
        "flow": key.flow, "binding": key.binding, "profile": key.profile,
        "instance": name,
        "fingerprint": outcome.instance.fingerprint if outcome.instance else None,
        "orchestrator": orchestrator, "deployed_name": deployed_name(name, orchestrator) if orchestrator else None,
        "schedule": schedule, "tags": list(binding.tags) if binding else [],
    }  # fmt: skip


def _schedule(entry: dict[str, Any]) -> str:
    if not entry["fingerprint"]:
        return "?"
    schedule = entry["schedule"]
    if not isinstance(schedule, dict):
        return "-"
    zone = f" {schedule['timezone']}" if schedule.get("timezone") else ""
    words = [word for word in ("weekly", "hourly", "daily") if schedule.get(word)]
    return (str(schedule.get("cron") or "") or " ".join(words) or "-") + zone
