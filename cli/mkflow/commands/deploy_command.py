"""``mkflow deploy``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from metaflow_extensions.mkflow.compose.errors import OutsideError, PartlyFailed, Problem, Refused
from metaflow_extensions.mkflow.compose.planning import WORK

from ..deploying import Deployment, Result, Task, task_of, warm_up
from ..guards import refuse_production
from ..options import output_format, pass_session, selection
from ..plans import Plan, changes_json, make_plan, show_changes
from ..render import as_json, note, out, plural, show_problems
from ..session import Selection, Session


@click.command("deploy", epilog="Examples: mkflow deploy -p dev, mkflow deploy 'training/EXP_*@prod' --yes --jobs 4")
@selection
@click.option("-j", "--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="How many at once.")
@click.option("--fail-fast", is_flag=True, help="Begin no other instance after one has failed.")
@click.option("--prune", is_flag=True, help="Remove instances that are not in the project any more.")
@click.option("--max-remove", type=click.IntRange(min=0), metavar="N", help="Let --prune remove more than a fifth of all, up to N.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--allow-dirty", is_flag=True, help="Deploy a working tree with changes to production.")
@click.option("--allow-branch", is_flag=True, help="Deploy to production from any branch.")
@output_format("text", "json")
@pass_session
@click.pass_context
def command(
    ctx: click.Context, session: Session, selection: Selection, jobs: int, fail_fast: bool, prune: bool,
    max_remove: int | None, yes: bool, allow_dirty: bool, allow_branch: bool, kind: str,
) -> None:  # fmt: skip
    """Plan, ask where it is production, then deploy what differs."""
    plan = make_plan(session, selection)
    refuse_production(session, plan.instances.values(), allow_dirty, allow_branch)
    taken = [Problem(f"{change.key}: {change.reason}") for change in plan.changes if change.action == "taken"]
    if taken:
        raise Refused(*taken)
    if kind == "text":
        show_changes(plan.changes)
    orphans = [change for change in plan.changes if change.action == "orphan"] if prune else []
    _guard_removal(plan, len(orphans), max_remove)
    work = [change for change in plan.changes if change.action in WORK]
    if work or orphans:
        _confirm(session, plan, yes)
    results = _deploy(session, plan, jobs, fail_fast, kind) if work else []
    for orphan in orphans:
        if orphan.deployed is not None:
            plan.orchestrator.remove(orphan.deployed, session.env)
    if kind == "json":
        as_json({"changes": changes_json(plan.changes), "results": [_result_json(result) for result in results],
                 "removed": [orphan.name for orphan in orphans]})  # fmt: skip
    ctx.exit(_conclude(results, len(work), [orphan.name for orphan in orphans], kind))


def _guard_removal(plan: Plan, count: int, most: int | None) -> None:
    managed = sum(1 for change in plan.changes if change.deployed is not None)
    allowed = most if most is not None else max(1, managed // 5)
    if count > allowed:
        summary = f"--prune would remove {plural(count, 'instance')} of {managed}, more than {allowed}"
        raise Refused(Problem(summary, hint=f"--max-remove {count}"))


def _confirm(session: Session, plan: Plan, yes: bool) -> None:
    """Production asks on a terminal and wants --yes elsewhere."""
    if yes or not any(instance.production for instance in plan.instances.values()):
        return
    if not sys.stdin.isatty():
        raise Refused(Problem("a production profile is deployed to with --yes where there is no terminal", hint="--yes"))
    if not click.confirm("deploy to production?", err=True):
        raise Refused(Problem("declined"))


def _deploy(session: Session, plan: Plan, jobs: int, fail_fast: bool, kind: str) -> list[Result]:
    env = dict(session.env)
    if not session.facts.user_known:
        env["METAFLOW_USER"] = session.facts.user
    work = [change for change in plan.changes if change.action in WORK]
    idents = plan.orchestrator.idents([change.name for change in work], env)
    tasks = [
        task_of(session.project, session.facts, change, plan.instances[str(change.key)], plan.orchestrator, env, idents[change.name])
        for change in work
    ]
    warm_up(env)
    results = []
    for result in Deployment(session.project, session.facts, plan.orchestrator, env).run(tasks, jobs, fail_fast, _started):
        results.append(result)
        if kind == "text" and result.exit_code == 0:
            out(f"deployed {result.task.change.key} in {result.seconds:.1f} s")
        elif result.exit_code:
            summary = f"{result.task.change.key} was not deployed"
            show_problems([Problem(summary, detail="\n".join(result.output.strip().split("\n")[-15:]))])
    return results


def _started(task: Task) -> None:
    note(f"{task.change.action} {task.change.key} ...")


def _result_json(result: Result) -> dict[str, Any]:
    return {"instance": result.task.change.name, "result": "failed" if result.exit_code else "done", "seconds": round(result.seconds, 3)}


def _conclude(results: Sequence[Result], wanted: int, removed: Sequence[str], kind: str) -> int:
    failed = sum(1 for result in results if result.exit_code)
    not_begun = wanted - len(results)
    if kind == "text":
        for name in removed:
            out(f"removed {name}")
        if wanted:
            said = [f"{len(results) - failed} deployed"]
            said += [f"{failed} failed"] * bool(failed) + [f"{not_begun} not begun"] * bool(not_begun)
            out(", ".join(said))
    if not failed and not_begun:
        return 130
    if failed:
        return OutsideError.exit_code if failed == wanted else PartlyFailed.exit_code
    return 0
