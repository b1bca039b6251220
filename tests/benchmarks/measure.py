"""Timing of whole processes, in pairs: A B A B ..., so that a machine whose speed drifts still gives a fair ratio."""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Cost(NamedTuple):
    """CPU and wall seconds, and peak memory in MiB, of one finished process and its children."""

    cpu: float
    wall: float
    memory: float


def cost(argv: Sequence[str], folder: pathlib.Path, env: Mapping[str, str]) -> Cost:
    """Run a process to its end; the operating system accounts for it."""
    started = time.perf_counter()
    process = subprocess.Popen(argv, cwd=folder, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode != 0:
        raise SystemExit(f"{argv} failed:\n{output.decode()}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def pairs(one: Sequence[str], two: Sequence[str], folder: pathlib.Path, env: Mapping[str, str], runs: int = 7) -> list[tuple[Cost, Cost]]:
    """Several runs of two commands in turn, after one of each that does not count."""
    cost(one, folder, env)
    cost(two, folder, env)
    return [(cost(one, folder, env), cost(two, folder, env)) for _ in range(runs)]


def ratio(found: Sequence[tuple[Cost, Cost]], figure: str) -> float:
    """The median of the pairs' ratios in one figure."""
    return statistics.median(getattr(one, figure) / getattr(two, figure) for one, two in found)


def median(found: Sequence[Cost], figure: str) -> float:
    """The median of one figure."""
    return statistics.median(getattr(entry, figure) for entry in found)
