"""Several runs at once: each one's lines prefixed, a live table on a terminal, a summary at the end."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from metaflow_extensions.mkflow.compose.errors import OutsideError, PartlyFailed

from .invocation import Invocation
from .jobs import Job, Runner
from .render import as_json, colour, note, out, table


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
            {**job.invocation.key._asdict(), "instance": job.invocation.name, "run_id": job.run_id or None, "result": job.state,
             "exit_code": job.exit_code, "seconds": round(job.seconds, 3)}
            for job in jobs
        ]  # fmt: skip
        as_json({"runs": entries, "seconds": round(seconds, 3)})
        return
    out()
    rows = [(job.invocation.label, job.pathspec, job.state, f"{job.seconds:.1f} s") for job in jobs]
    out(table(rows, ("INSTANCE", "RUN", "RESULT", "TIME")))
    done = sum(1 for job in jobs if job.state == "done")
    note(f"{done} of {len(jobs)} done in {seconds:.1f} s")
