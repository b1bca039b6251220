"""Deployment through Metaflow's own commands: one warm process, a forked child for each instance."""

from __future__ import annotations

import gc
import os
import pathlib
import runpy
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from types import FrameType

from metaflow_extensions.mkflow.compose.compiled import write_compiled
from metaflow_extensions.mkflow.compose.model import Change, Deployed, Facts, Instance, Project, Record
from metaflow_extensions.mkflow.compose.orchestrators import Orchestrator

from .invocation import SCRUBBED, metaflow_options


@dataclass(frozen=True)
class Task:
    """One instance to deploy."""

    change: Change
    instance: Instance
    compiled: str
    token: str | None
    ident: str


@dataclass(frozen=True)
class Result:
    """How the deployment of one instance ended; ``output`` is what Metaflow said."""

    task: Task
    exit_code: int
    seconds: float
    output: str


def warm_up(env: Mapping[str, str]) -> None:
    """Import once what every child needs; not ``metaflow.cli``, which must see the flow when it is imported."""
    os.environ.update(env)
    for name in SCRUBBED:
        os.environ.pop(name, None)
    import boto3
    import botocore.loaders
    import botocore.session
    import metaflow  # noqa: F401
    from metaflow.plugins.aws.step_functions import step_functions  # noqa: F401
    from metaflow.runtime import NativeRuntime  # noqa: F401

    import metaflow_extensions.mkflow.compose.apply
    import metaflow_extensions.mkflow.compose.author
    import metaflow_extensions.mkflow.compose.cron
    import metaflow_extensions.mkflow.compose.flow_probe  # noqa: F401

    # Metaflow makes a session for each client, and each session reads the services' models anew: half of the
    # CPU of a deployment. One loader for all sessions of this process keeps them; children inherit it.
    shared = cache(botocore.loaders.create_loader)
    botocore.loaders.create_loader = botocore.session.create_loader = shared
    for service in ("s3", "batch", "stepfunctions", "events", "dynamodb", "sts"):
        boto3.session.Session(region_name="us-east-1").client(service)
    gc.collect()
    gc.freeze()


class Deployment:
    """Runs tasks in children, some at once; the parent stays single-threaded, so that forking is safe."""

    def __init__(self, project: Project, facts: Facts, orchestrator: Orchestrator, env: Mapping[str, str]) -> None:
        self.project, self.facts, self.orchestrator, self.env = project, facts, orchestrator, env
        self.stopped = False

    def run(self, tasks: Sequence[Task], jobs: int, fail_fast: bool, started: Callable[[Task], None]) -> Iterator[Result]:
        """Deploy all and give each result as it comes; after an interrupt nothing new is begun."""
        waiting = list(tasks)
        running: dict[int, tuple[Task, float, pathlib.Path]] = {}
        before = signal.signal(signal.SIGINT, self._stop)
        try:
            with tempfile.TemporaryDirectory(prefix="mkflow-deploy-") as folder:
                while waiting or running:
                    while waiting and len(running) < jobs and not self.stopped:
                        task = waiting.pop(0)
                        log = pathlib.Path(folder, f"{task.change.name}.log")
                        started(task)
                        running[self._fork(task, log, pathlib.Path(folder))] = (task, time.monotonic(), log)
                    if not running:
                        break
                    process, status = os.wait()
                    if process not in running:
                        continue
                    task, begun, log = running.pop(process)
                    code = os.waitstatus_to_exitcode(status)
                    self.stopped = self.stopped or (bool(code) and fail_fast)
                    yield Result(task, code, time.monotonic() - begun, log.read_text("utf-8", "replace"))
        finally:
            signal.signal(signal.SIGINT, before)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped = True

    def _fork(self, task: Task, log: pathlib.Path, folder: pathlib.Path) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        process = os.fork()
        if process:
            return process
        code = 1
        try:
            # Ctrl-C of the terminal reaches the parent only; what is begun is finished.
            os.setsid()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            code = self._deploy(task, folder / f"{task.change.name}.home")
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _deploy(self, task: Task, home: pathlib.Path) -> int:
        """In the child: Metaflow's command, and after its success the record."""
        home.mkdir()
        os.environ["METAFLOW_TOKEN_HOME"] = str(home)
        os.chdir(self.project.root)
        file = task.instance.flow_file
        authorize = ["--authorize", task.token] if task.token else []
        sys.argv = [
            file, "--no-pylint", *metaflow_options(self.project.metaflow), "--config", "settings", task.compiled,
            task.instance.orchestrator or "", "--name", task.change.name, "create", *authorize,
        ]  # fmt: skip
        sys.path[0] = str((self.project.root / file).parent)
        try:
            runpy.run_path(file, run_name="__main__")
        except SystemExit as ended:
            if ended.code not in (None, 0):
                return 1
        found = Deployed(task.change.name, task.ident, None)
        definition = self.orchestrator.definitions([found], self.env)[found.name]
        self.orchestrator.write_record(found, self._record(task, definition), self.env)
        return 0

    def _record(self, task: Task, definition: str) -> Record:
        key = task.instance.key
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        return Record(
            self.project.name, key.flow, key.binding, key.profile, task.instance.name, task.instance.parts, definition,
            self.facts.git.commit, self.facts.user, now,
        )  # fmt: skip


def task_of(project: Project, facts: Facts, change: Change, instance: Instance, orchestrator: Orchestrator, env: Mapping[str, str], ident: str) -> Task:
    """A task with its compiled file written, and the production token of what it replaces."""
    compiled = write_compiled(project.root, instance, facts.git, facts.user)
    ours = change.deployed is not None and change.deployed.record is not None
    # What mkflow did not record may be somebody else's: there Metaflow's own check of the token decides.
    token = orchestrator.token(change.deployed, env) if ours and change.deployed else None
    return Task(change, instance, compiled.relative_to(project.root).as_posix(), token, ident)
