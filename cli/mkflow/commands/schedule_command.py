"""``mkflow schedule``."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import click

from metaflow_extensions.mkflow.compose.cron import CronError, NotExpressible, from_metaflow, next_times, of_schedule
from metaflow_extensions.mkflow.compose.errors import Problem, SettingsError, UsageError, by_place
from metaflow_extensions.mkflow.compose.model import Instance
from metaflow_extensions.mkflow.compose.shape import FlowShape
from metaflow_extensions.mkflow.compose.tree import at, plain

from ..flow_check import flow_shapes
from ..options import output_format, pass_session, selection
from ..render import as_json, note, out, plural, table
from ..session import Selection, Session
from ..week import week_chart

Entry = dict[str, Any]


@click.command("schedule", epilog="Examples: mkflow schedule, mkflow schedule training@prod --next 5, mkflow schedule --week")
@selection
@click.option("-n", "--next", "count", type=click.IntRange(1, 100), default=2, show_default=True, help="How many fire times.")
@click.option("--week", is_flag=True, help="Draw the next seven days.")
@click.option("--from", "start", metavar="TIME", help="Count from this time (ISO 8601), not from now.")
@output_format("text", "json")
@pass_session
def command(session: Session, selection: Selection, count: int, week: bool, start: str | None, kind: str) -> None:
    """Show when each chosen instance is scheduled; all profiles count unless one is asked for."""
    now = _moment(start)
    keys = session.keys(selection, all_profiles=True)
    outcomes = list(session.composer(local=False).outcomes(keys))
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    instances = [outcome.instance for outcome in outcomes if outcome.instance]
    shapes, broken = flow_shapes(session.project, dict.fromkeys(key.flow for key in keys))
    problems += broken.values()
    if problems:
        raise SettingsError(*by_place(problems))
    entries = [_entry(session, instance, shapes, now, count) for instance in instances]
    scheduled = [entry for entry in entries if entry["cron"]]
    if kind == "json":
        as_json({"from": now.isoformat(), "instances": entries})
        return
    if scheduled and week:
        out(week_chart([(entry["label"], entry["cron"], entry["timezone"]) for entry in scheduled], now))
    elif scheduled:
        rows = [(e["label"], e["cron"], e["timezone"] or "UTC", "yes" if e["active"] else "no", "  ".join(map(_shown, e["next"])))
                for e in scheduled]  # fmt: skip
        out(table(rows, ("INSTANCE", "CRON", "TIME ZONE", "WHEN DEPLOYED", "NEXT")))
    if len(scheduled) < len(entries):
        note(f"not scheduled: {plural(len(entries) - len(scheduled), 'instance')}")
    if any(not entry["active"] for entry in scheduled):
        note("a development profile deploys no schedules unless it says `schedules: true`")


def _moment(text: str | None) -> datetime.datetime:
    if text is None:
        return datetime.datetime.now(datetime.timezone.utc)
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise UsageError(Problem(f"'{text}' is not a time", hint="--from 2026-11-20T08:00+00:00")) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)


def _shown(text: str) -> str:
    return datetime.datetime.fromisoformat(text).strftime("%a %d %b %H:%M")


def _entry(session: Session, instance: Instance, shapes: Mapping[str, FlowShape], now: datetime.datetime, count: int) -> Entry:
    """One instance with its schedule, which settings give, or else the code."""
    section = at(instance.settings, ("flow",))
    written: dict[str, Any] = plain(section) if section is not None else {}
    code = shapes[instance.key.flow].schedule
    attributes = {**(code or {}), **(written.get("schedule") or {})} if "schedule" in written else dict(code or {})
    wanted = written["schedule"] is not None if "schedule" in written else code is not None
    timezone = attributes.get("timezone")
    profile = session.project.profiles[instance.key.profile]
    try:
        # The code may have EventBridge's six fields, settings have the standard five.
        read = of_schedule if written.get("schedule") else from_metaflow
        cron = read(attributes) if wanted else None
        times = next_times(cron, now, count, timezone) if cron else []
    except (CronError, NotExpressible) as error:
        origin = section.origin if section is not None else None
        raise SettingsError(Problem(f"{error}, in {instance.key}", ("flow", "schedule"), (origin,) if origin else ())) from None
    return {
        "label": str(instance.key), "flow": instance.key.flow, "binding": instance.key.binding, "profile": instance.key.profile,
        "cron": str(cron) if cron else None, "timezone": timezone, "active": profile.production or profile.schedules,
        "next": [moment.isoformat() for moment in times],
    }  # fmt: skip
