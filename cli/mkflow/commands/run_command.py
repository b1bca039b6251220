"""``mkflow run``."""

from __future__ import annotations

import os
import shlex
import shutil
import sys

import click

from metaflow_extensions.mkflow.compose.compiled import write_compiled
from metaflow_extensions.mkflow.compose.errors import OutsideError, Problem, SettingsError, UsageError, by_place
from metaflow_extensions.mkflow.compose.model import Instance, Key
from metaflow_extensions.mkflow.compose.select import some
from metaflow_extensions.mkflow.compose.spelling import nearest

from ..invocation import Invocation, local_run
from ..options import assignments, output_format, pass_session, selection
from ..render import note
from ..session import Selection, Session


class PassesOn(click.Command):
    """A command whose words after ``--`` are kept apart, for Metaflow."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Split at the first ``--``."""
        split = args.index("--") if "--" in args else len(args)
        ctx.meta["mkflow.rest"] = args[split + 1 :]
        try:
            return super().parse_args(ctx, args[:split])
        except click.NoSuchOption as error:
            summary, option = f"there is no option '{error.option_name}'", error.option_name
            hint = nearest(option, [name for param in self.params for name in param.opts if name.startswith("--")])
            raise UsageError(Problem(summary, hint=hint or f"-- {option}, if it is for Metaflow's run")) from None


@click.command(
    "run",
    cls=PassesOn,
    epilog="Examples: mkflow run --binding EXP_01, mkflow run training/EXP_01 -- --max-workers 2 --alpha 0.5, "
    "mkflow run 'training/EXP_*' --jobs 4",
)
@selection
@click.option("--all", "every", is_flag=True, help="Run all chosen instances, not exactly one.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="How many run at once.")
@assignments
@output_format("text", "json")
@pass_session
@click.pass_context
def command(
    ctx: click.Context, session: Session, selection: Selection, every: bool, jobs: int, sets: tuple[str, ...],
    allow_overrides: bool, kind: str,
) -> None:  # fmt: skip
    """Run one instance locally through Metaflow; what follows -- goes to Metaflow's run."""
    keys = session.keys(selection)
    if len(keys) > 1 and not every and not selection.has_glob:
        raise UsageError(*_which(keys))
    session.refuse_overrides(keys, sets, allow_overrides)
    instances = _compose(session, keys, sets)
    invocations = [_invocation(session, instance, ctx.meta["mkflow.rest"]) for instance in instances]
    if len(invocations) == 1 and kind == "text":
        _become(invocations[0])
    from ..runs import run_several

    ctx.exit(run_several(invocations, jobs, kind))


def _which(keys: list[Key]) -> list[Problem]:
    """One instance is wanted, several are chosen: name the part that is missing."""
    flows = list(dict.fromkeys(key.flow for key in keys))
    if len(flows) > 1:
        return [Problem(f"several flows are chosen: {some(flows)}", hint=f"mkflow run {flows[0]}, or --all for all of them")]
    bindings = list(dict.fromkeys(key.binding for key in keys))
    if len(bindings) > 1:
        hint = f"mkflow run {flows[0]} --binding {bindings[0]}, or --all for all of them"
        return [Problem(f"the flow '{flows[0]}' has several bindings: {some(bindings)}", hint=hint)]
    profiles = [key.profile for key in keys]
    return [Problem(f"several profiles are chosen: {some(profiles)}", hint=f"--profile {profiles[0]}, or --all for all of them")]


def _compose(session: Session, keys: list[Key], sets: tuple[str, ...]) -> list[Instance]:
    """All or none: nothing runs while the settings of one are wrong."""
    outcomes = list(session.composer(sets).outcomes(keys))
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    if problems:
        raise SettingsError(*by_place(problems))
    return [outcome.instance for outcome in outcomes if outcome.instance is not None]


def _invocation(session: Session, instance: Instance, rest: list[str]) -> Invocation:
    compiled = write_compiled(session.project.root, instance, session.facts.git, session.facts.user)
    found = shutil.which("python")
    here = found and os.path.realpath(os.path.dirname(found)) == os.path.realpath(os.path.dirname(sys.executable))
    python = "python" if here else sys.executable
    return local_run(session.project, session.facts, instance, compiled, python, rest)


def _become(invocation: Invocation) -> None:
    """Hand this process over to Metaflow: its output, its exit status and its signals are untouched."""
    note(f"settings of {invocation.label} in {invocation.compiled}")
    note(f"$ {invocation.shell_line(os.getcwd())}")
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(invocation.folder)
    program = shutil.which(invocation.argv[0]) or invocation.argv[0]
    try:
        os.execve(program, list(invocation.argv), dict(invocation.env))
    except OSError as error:
        words = f"'{shlex.join(invocation.argv[:1])}' cannot be started: {error.strerror}"
        raise OutsideError(Problem(words.lower())) from None
