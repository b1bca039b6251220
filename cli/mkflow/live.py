"""The live table of several runs; the only module that imports rich, and only where there is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from .jobs import Runner

STYLES = {"running": "cyan", "done": "green", "failed": "red", "interrupted": "yellow", "waiting": "dim", "not started": "dim"}


class _View:
    """Draws the jobs anew each time rich asks."""

    def __init__(self, runner: Runner) -> None:
        self.runner, self.started = runner, time.monotonic()

    def __rich__(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for heading in ("INSTANCE", "RESULT", "TIME"):
            table.add_column(heading)
        jobs = self.runner.jobs
        shown = [job for job in jobs if job.state in ("running", "failed")] or jobs
        for job in shown[:12]:
            spent = job.seconds or (time.monotonic() - job.started if job.started else 0)
            table.add_row(job.invocation.label, Text(job.state, STYLES[job.state]), f"{spent:.0f} s" if spent else "")
        finished = sum(1 for job in jobs if job.exit_code is not None)
        table.caption = f"{finished} of {len(jobs)} finished, {time.monotonic() - self.started:.0f} s"
        return table


@contextmanager
def live_table(runner: Runner) -> Iterator[None]:
    """Show the table while the runs go on; lines of the runs appear above it."""
    console = Console(file=sys.stdout)
    with Live(_View(runner), console=console, refresh_per_second=4, transient=True, redirect_stdout=True):
        # Live replaces sys.stdout by one that prints above the table.
        runner.lines_to = sys.stdout
        yield
