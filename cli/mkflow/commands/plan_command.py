"""``mkflow plan``."""

from __future__ import annotations

import click

from ..options import output_format, pass_session, selection
from ..plans import changes_json, make_plan, show_changes
from ..render import as_json
from ..session import Selection, Session


@click.command("plan", epilog="Examples: mkflow plan -p prod, mkflow plan training@prod --exit-code --format json")
@selection
@click.option("--exit-code", is_flag=True, help="Exit with 5 if there is something to do.")
@output_format("text", "json")
@pass_session
@click.pass_context
def command(ctx: click.Context, session: Session, selection: Selection, exit_code: bool, kind: str) -> None:
    """Show what deploy would do with the chosen instances, and why."""
    changes = make_plan(session, selection).changes
    if kind == "json":
        as_json({"changes": changes_json(changes)})
    else:
        show_changes(changes)
    ctx.exit(5 if exit_code and any(change.action != "unchanged" for change in changes) else 0)
