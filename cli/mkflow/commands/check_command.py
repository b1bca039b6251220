"""``mkflow check``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from metaflow_extensions.mkflow.compose.errors import Problem, SettingsError, by_place
from metaflow_extensions.mkflow.compose.model import Key
from metaflow_extensions.mkflow.compose.pipeline import Outcome
from metaflow_extensions.mkflow.compose.shape import FlowShape, schedule_problems, shape_problems
from metaflow_extensions.mkflow.compose.tree import EMPTY, at

from ..options import assignments, output_format, pass_session, selection
from ..render import as_json, out, plural, problem_json, show_problems
from ..session import Selection, Session

Found = dict[Problem, list[Key]]


@click.command("check", epilog="Examples: mkflow check, mkflow check training@prod, mkflow check --no-flows --format json")
@selection
@click.option("--no-flows", is_flag=True, help="Check the settings alone; load no flow file.")
@assignments
@output_format("text", "json")
@pass_session
@click.pass_context
def command(
    ctx: click.Context, session: Session, selection: Selection, no_flows: bool, sets: tuple[str, ...],
    allow_overrides: bool, kind: str,
) -> None:  # fmt: skip
    """Compile and check every instance of every profile, and report all problems at once."""
    keys = session.keys(selection, all_profiles=True)
    session.refuse_overrides(keys, sets, allow_overrides)
    found: Found = {}
    for key, problem in _problems(session, keys, sets, no_flows):
        found.setdefault(problem, []).append(key)
    if kind == "json":
        entries = [{**problem_json(item), "instances": list(map(str, found[item]))} for item in by_place(found)]
        as_json({"checked": len(keys), "problems": entries})
    elif found:
        _show(found)
    else:
        out(f"{plural(len(keys), 'instance')} checked, nothing is wrong")
    ctx.exit(SettingsError.exit_code if found else 0)


def _problems(session: Session, keys: list[Key], sets: tuple[str, ...], no_flows: bool) -> Iterator[tuple[Key, Problem]]:
    """Problems of one instance after the other; none of them is kept once it was looked at."""
    from ..flow_check import flow_shapes

    shapes, broken = ({}, {}) if no_flows else flow_shapes(session.project, dict.fromkeys(key.flow for key in keys))
    for outcome in session.composer(sets).outcomes(keys):
        key = outcome.key
        yield from ((key, problem) for problem in outcome.problems)
        if outcome.instance:
            section = at(outcome.instance.settings, ("flow",)) or EMPTY
            yield from ((key, problem) for problem in schedule_problems(section, outcome.instance.orchestrator))
        if key.flow in broken:
            yield key, broken[key.flow]
        elif key.flow in shapes:
            yield from ((key, problem) for problem in _shape(outcome, shapes))


def _shape(outcome: Outcome, shapes: Mapping[str, FlowShape]) -> list[Problem]:
    section = at(outcome.instance.settings, ("flow",)) if outcome.instance else None
    return shape_problems(section, shapes[outcome.key.flow]) if section is not None else []


def _show(found: Found) -> None:
    """Each problem once, with the instances that have it."""
    for problem in by_place(found):
        names = [str(key) for key in found[problem]]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        show_problems([problem])
        click.echo("  of  " + ", ".join(names[:3]) + more, err=True)
    wrong = len({key for keys in found.values() for key in keys})
    click.echo(f"{plural(len(found), 'problem')} in {plural(wrong, 'instance')}", err=True)
