"""``mkflow destroy``."""

from __future__ import annotations

import sys

import click

from metaflow_extensions.mkflow.compose.errors import Problem, Refused, UsageError

from ..options import pass_session, selection
from ..plans import make_plan
from ..render import note, out
from ..session import Selection, Session


@click.command("destroy", epilog="Example: mkflow destroy training/EXP_01@dev")
@selection
@click.option("--yes", is_flag=True, help="Ask nothing.")
@pass_session
def command(session: Session, selection: Selection, yes: bool) -> None:
    """Take deployed instances away, with their schedules. A selector is needed; runs stay as they are."""
    if not selection.selectors:
        raise UsageError(Problem("destroy wants a selector", hint="mkflow destroy FLOW/BINDING@PROFILE"))
    plan = make_plan(session, selection)
    present = [change for change in plan.changes if change.deployed is not None and change.deployed.record and change.action != "taken"]
    present = [change for change in present if change.action != "orphan"]
    if not present:
        note("none of the chosen instances is deployed")
        return
    for change in present:
        note(f"- {change.key}  {change.name}")
    if not yes:
        if not sys.stdin.isatty():
            raise Refused(Problem("destroy asks, and there is no terminal", hint="--yes"))
        if not click.confirm(f"destroy {len(present)}?", err=True):
            raise Refused(Problem("declined"))
    for change in present:
        if change.deployed is not None:
            plan.orchestrator.remove(change.deployed, session.env)
            out(f"destroyed {change.key}")
