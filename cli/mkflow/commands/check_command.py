"""``mkflow check``."""

from __future__ import annotations

import click

from metaflow_extensions.mkflow.compose.errors import Problem, SettingsError, by_place
from metaflow_extensions.mkflow.compose.model import Key

from ..options import assignments, output_format, pass_session, selection
from ..render import as_json, out, plural, problem_json, show_problems
from ..session import Selection, Session


@click.command("check", epilog="Examples: mkflow check, mkflow check training@prod, mkflow check --format json")
@selection
@assignments
@output_format("text", "json")
@pass_session
@click.pass_context
def command(
    ctx: click.Context, session: Session, selection: Selection, sets: tuple[str, ...], allow_overrides: bool, kind: str
) -> None:
    """Compile and check every instance of every profile, and report all problems at once."""
    keys = session.keys(selection, all_profiles=True)
    session.refuse_overrides(keys, sets, allow_overrides)
    found: dict[Problem, list[Key]] = {}
    for outcome in session.composer(sets).outcomes(keys):
        for problem in outcome.problems:
            found.setdefault(problem, []).append(outcome.key)
    if kind == "json":
        entries = [{**problem_json(item), "instances": list(map(str, found[item]))} for item in by_place(found)]
        as_json({"checked": len(keys), "problems": entries})
    elif found:
        _show(found)
    else:
        out(f"{plural(len(keys), 'instance')} checked, nothing is wrong")
    ctx.exit(SettingsError.exit_code if found else 0)


def _show(found: dict[Problem, list[Key]]) -> None:
    """Each problem once, with the instances that have it."""
    for problem in by_place(found):
        names = [str(key) for key in found[problem]]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        show_problems([problem])
        click.echo("  of  " + ", ".join(names[:3]) + more, err=True)
    wrong = len({key for keys in found.values() for key in keys})
    click.echo(f"{plural(len(found), 'problem')} in {plural(wrong, 'instance')}", err=True)
