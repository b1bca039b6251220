"""A week of schedules as a chart of characters: a row for each instance, twelve columns of two hours a day."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from metaflow_extensions.mkflow.compose.cron import next_times, parse, zone

COLUMNS = 12
DAYS = 7
MOST = 24 * 60 * DAYS


def week_chart(rows: Sequence[tuple[str, str, str | None]], start: datetime.datetime) -> str:
    """Draw seven days from the beginning of a day, in UTC.

    Args:
        rows: label, cron and time zone.
        start: any time of the first day.
    """
    first = start.astimezone(zone(None)).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [first + datetime.timedelta(days=day) for day in range(DAYS)]
    width = max(len(label) for label, _, _ in rows)
    heading = " ".join(day.strftime("%a %d %b").ljust(COLUMNS) for day in days)
    scale = " ".join("0  6  12 18 ".ljust(COLUMNS) for _ in days)
    lines = [" " * width + "  " + heading.rstrip(), "UTC".ljust(width) + "  " + scale.rstrip()]
    for label, cron, timezone in rows:
        counts = _counts(cron, timezone, first)
        cells = ["".join(map(_mark, counts[day * COLUMNS : (day + 1) * COLUMNS])) for day in range(DAYS)]
        lines.append(label.ljust(width) + "  " + " ".join(cells))
    lines.append("a digit is how often it fires in two hours, # is ten times or more")
    return "\n".join(lines)


def _counts(cron: str, timezone: str | None, first: datetime.datetime) -> list[int]:
    counts = [0] * (DAYS * COLUMNS)
    for moment in next_times(parse(cron), first - datetime.timedelta(seconds=1), MOST, timezone):
        slot = int((moment - first).total_seconds() // (24 // COLUMNS * 3600))
        if slot >= len(counts):
            break
        counts[slot] += 1
    return counts


def _mark(count: int) -> str:
    return "." if not count else str(count) if count < 10 else "#"
