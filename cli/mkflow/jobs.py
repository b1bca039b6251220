"""Runs at once, each a child process: their lines prefixed, signals passed on."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import click

from metaflow_extensions.mkflow.compose.errors import printable

from .invocation import Invocation
from .render import colour, style

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
