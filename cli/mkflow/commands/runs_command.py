"""``mkflow runs``."""

from __future__ import annotations

import click

from ..options import output_format, pass_session, selection
from ..plans import make_plan
from ..render import as_json, note, out, table
from ..session import Selection, Session


@click.command("runs", epilog="Examples: mkflow runs training/EXP_01@prod, mkflow runs -p prod --limit 3")
@selection
@click.option("--limit", type=click.IntRange(1, 100), default=5, show_default=True, help="How many of each instance.")
@output_format("text", "json")
@pass_session
def command(session: Session, selection: Selection, limit: int, kind: str) -> None:
    """Show the latest runs of the chosen instances on their orchestrator, newest first."""
    plan = make_plan(session, selection)
    rows = []
    for change in plan.changes:
        if change.deployed is None:
            note(f"{change.key} is not deployed")
            continue
        rows += [(change.key, execution) for execution in plan.orchestrator.runs(change.deployed, limit, session.env)]
    if kind == "json":
        as_json({"runs": [
            {"flow": key.flow, "binding": key.binding, "profile": key.profile, **execution._asdict()} for key, execution in rows
        ]})  # fmt: skip
    elif rows:
        out(table([(str(key), run.run_id, run.status, run.started, run.ended or "-") for key, run in rows],
                  ("INSTANCE", "RUN", "STATUS", "STARTED", "ENDED")))  # fmt: skip
    else:
        note("there are no runs")
