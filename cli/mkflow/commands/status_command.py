"""``mkflow status``."""

from __future__ import annotations

import click

from ..options import output_format, pass_session, selection
from ..plans import make_plan
from ..render import as_json, out, table
from ..session import Selection, Session

STATES = {"create": "not deployed", "update": "out of date", "unchanged": "up to date", "orphan": "not in the project"}


@click.command("status", epilog="Examples: mkflow status -p prod, mkflow status training@prod --format json")
@selection
@output_format("text", "json")
@pass_session
def command(session: Session, selection: Selection, kind: str) -> None:
    """Show what is deployed of the chosen instances, when and by whom."""
    entries = []
    for change in make_plan(session, selection).changes:
        record = change.deployed.record if change.deployed else None
        entries.append({
            "flow": change.key.flow, "binding": change.key.binding, "profile": change.key.profile, "name": change.name,
            "state": STATES.get(change.action, change.action), "reason": change.reason,
            "deployed": record.time if record else None, "user": record.user if record else None,
            "commit": record.commit if record else None,
        })  # fmt: skip
    if kind == "json":
        as_json({"instances": entries})
        return
    rows = [
        (f"{e['flow']}/{e['binding']}@{e['profile']}", str(e["name"]), str(e["state"]), e["deployed"] or "-", e["user"] or "-",
         (e["commit"] or "-")[:8])
        for e in entries
    ]  # fmt: skip
    out(table(rows, ("INSTANCE", "DEPLOYED AS", "STATE", "SINCE", "BY", "COMMIT")))
