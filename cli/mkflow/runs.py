"""Several runs at once: each one's lines prefixed, a live table on a terminal, a summary at the end."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import click

from metaflow_extensions.mkflow.compose.errors import OutsideError, PartlyFailed, printable

from .invocation import Invocation
from .render import as_json, colour, note, out, style, table

COLOURS = ("cyan", "magenta", "yellow", "blue", "green", "bright_red")


@dataclass
class Job:
    """One run and how it does; written by its own thread only."""

    invocation: Invocation
    number: int
    state: str = "waiting"
    run_id: str = ""
    started: float = 0.0
    seconds: float = 0.0
    exit_code: int | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def pathspec(self) -> str:
        """What the Client API calls the run, as far as it is known."""
        return self.run_id or "-"


class Runner:
    """Starts jobs, prints their lines, passes signals on; a second interrupt kills."""

    def __init__(self, invocations: Sequence[Invocation], lines_to: Any) -> None:
        self.jobs = [Job(invocation, number) for number, invocation in enumerate(invocations)]
        self.lines_to = lines_to
        self.lock = threading.Lock()
        self.stopped = 0
        self.width = max(len(job.invocation.label) for job in self.jobs)

    def work(self, job: Job) -> None:
        """Run one job to its end."""
        if self.stopped:
            job.state = "not started"
            return
        job.started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="mkflow-run-") as folder:
            id_file = pathlib.Path(folder, "run-id")
            self._execute(job, id_file)
            job.run_id = id_file.read_text().strip() if id_file.exists() else ""
        job.seconds = time.monotonic() - job.started
        ended = "interrupted" if self.stop_asked() else "failed"
        job.state = ended if job.exit_code else "done"

    def _execute(self, job: Job, id_file: pathlib.Path) -> None:
        argv = [*job.invocation.argv, "--run-id-file", str(id_file)]
        try:
            job.process = subprocess.Popen(
                argv, cwd=job.invocation.folder, env=dict(job.invocation.env), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            self.line(job, f"cannot be started: {error.strerror}")
            job.exit_code = 127
            return
        job.state = "running"
        assert job.process.stdout is not None
        for raw in job.process.stdout:
            self.line(job, raw.decode("utf-8", "replace").rstrip("\r\n"))
        job.exit_code = job.process.wait()

    def stop_asked(self) -> bool:
        """Whether a signal came; asked anew each time, for it may come at any time."""
        return self.stopped > 0

    def line(self, job: Job, text: str) -> None:
        """Print one line of a job, whole."""
        label = style(job.invocation.label.ljust(self.width), self.lines_to, fg=COLOURS[job.number % len(COLOURS)])
        with self.lock:
            click.echo(f"{label} | {printable(text)}", file=self.lines_to, color=colour(self.lines_to))

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Pass a signal on to all running jobs; from the second one on, kill."""
        self.stopped += 1
        for job in self.jobs:
            if job.process is not None and job.process.poll() is None:
                try:
                    os.killpg(job.process.pid, number if self.stopped == 1 else signal.SIGKILL)
                except ProcessLookupError:
                    continue


def run_several(invocations: Sequence[Invocation], jobs: int, kind: str) -> int:
    """Run all, some at once.

    Returns:
        The exit code: 0, 4 if all failed, 7 if some did, 130 if interrupted.
    """
    lines_to = sys.stderr if kind == "json" else sys.stdout
    runner = Runner(invocations, lines_to)
    for invocation in invocations:
        note(f"$ {invocation.shell_line(os.getcwd())}")
    before = {number: signal.signal(number, runner.stop) for number in (signal.SIGINT, signal.SIGTERM)}
    started = time.monotonic()
    try:
        with _live(runner), ThreadPoolExecutor(jobs) as pool:
            list(pool.map(runner.work, runner.jobs))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    _summary(runner.jobs, time.monotonic() - started, kind)
    if runner.stopped:
        return 130
    failed = sum(1 for job in runner.jobs if job.state != "done")
    return 0 if not failed else OutsideError.exit_code if failed == len(runner.jobs) else PartlyFailed.exit_code


def _live(runner: Runner) -> Any:
    """A table of the jobs below their lines, on a terminal; nothing elsewhere."""
    from contextlib import nullcontext

    if not colour(runner.lines_to):
        return nullcontext()
    from .live import live_table

    return live_table(runner)


def _summary(jobs: Sequence[Job], seconds: float, kind: str) -> None:
    if kind == "json":
        entries = [
            {"instance": job.invocation.label, "run_id": job.run_id or None, "result": job.state, "exit_code": job.exit_code,
             "seconds": round(job.seconds, 3)}
            for job in jobs
        ]  # fmt: skip
        as_json({"runs": entries, "seconds": round(seconds, 3)})
        return
    out()
    rows = [(job.invocation.label, job.pathspec, job.state, f"{job.seconds:.1f} s") for job in jobs]
    out(table(rows, ("INSTANCE", "RUN", "RESULT", "TIME")))
    done = sum(1 for job in jobs if job.state == "done")
    note(f"{done} of {len(jobs)} done in {seconds:.1f} s")
