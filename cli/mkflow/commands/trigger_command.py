"""``mkflow trigger``."""

from __future__ import annotations

import subprocess
import sys

import click

from metaflow_extensions.mkflow.compose.compiled import write_compiled
from metaflow_extensions.mkflow.compose.errors import OutsideError, Problem, UsageError
from metaflow_extensions.mkflow.compose.select import some

from ..invocation import SCRUBBED, metaflow_options
from ..options import pass_session, selection
from ..plans import make_plan
from ..render import note, out, plural
from ..session import Selection, Session
from .run_command import PassesOn


@click.command("trigger", cls=PassesOn, epilog="Example: mkflow trigger training/EXP_01@prod -- --alpha 0.5")
@selection
@pass_session
@click.pass_context
def command(ctx: click.Context, session: Session, selection: Selection) -> None:
    """Start a run of one deployed instance through Metaflow; what follows -- are the flow's parameters."""
    plan = make_plan(session, selection)
    changes = [change for change in plan.changes if change.action != "orphan"]
    if len(changes) > 1:
        hint = "one of " + some([str(change.key) for change in changes])
        raise UsageError(Problem(f"{plural(len(changes), 'instance')} are chosen, and one is triggered", hint=hint))
    change = changes[0]
    if change.deployed is None:
        raise UsageError(Problem(f"{change.key} is not deployed", hint=f"mkflow deploy {change.key}"))
    if change.action != "unchanged":
        note(f"{change.key}: {change.reason}; what is deployed is run")
    instance = plan.instances[str(change.key)]
    compiled = write_compiled(session.project.root, instance, session.facts.git, session.facts.user)
    env = {name: value for name, value in session.env.items() if name not in SCRUBBED}
    env["METAFLOW_USER"] = session.facts.user
    command = [
        sys.executable, instance.flow_file, "--no-pylint", *metaflow_options(session.project.metaflow), "--config", "settings",
        str(compiled), instance.orchestrator or "", "--name", change.name, "trigger", *ctx.meta["mkflow.rest"],
    ]  # fmt: skip
    done = subprocess.run(command, cwd=session.project.root, env=env, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise OutsideError(Problem(f"{change.key} was not triggered", detail=(done.stdout + done.stderr).strip()))
    words = [word.rstrip(".,)") for word in (done.stdout + done.stderr).split()]
    runs = [word for word in words if word.startswith("sfn-")]
    out(f"triggered {change.key}" + (f", run {runs[0]}" if runs else ""))
