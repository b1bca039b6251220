"""Cron: the standard five fields everywhere, translated for each orchestrator.

What an expression means over time is decided by ``cronsim``, which follows Debian's cron; here it is checked, and
written in another way. Metaflow 2.19 hands ``@schedule(cron=...)`` to EventBridge as ``cron(<text>)``, and to Argo the
first five fields of it as they are.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from itertools import dropwhile, islice
from typing import TYPE_CHECKING, Any

from .cron_fields import (
    EVENTBRIDGE_WEEKDAY,
    FIELDS,
    Cron,
    CronError,
    NotExpressible,
    as_numbers,
    check_days,
    check_end_of_week,
    for_eventbridge,
    is_extension,
    numbers_of,
    plain_days,
    read_field,
    unwrapped,
    weekdays_of,
    write_numbers,
)

if TYPE_CHECKING:
    from cronsim import CronSim

__all__ = [
    "MACROS", "Cron", "CronError", "NotExpressible", "for_orchestrator", "from_eventbridge", "from_metaflow",
    "next_times", "of_schedule", "parse", "to_argo", "to_eventbridge", "zone",
]  # fmt: skip

MACROS = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}  # fmt: skip
_UTC = datetime.timezone.utc
_EPOCH = datetime.datetime(2024, 1, 1, tzinfo=_UTC)
_EVENTBRIDGE_LENGTH = 256 - len("cron()")


def parse(text: str) -> Cron:
    """Read a cron expression of five fields, or ``@daily`` and its like.

    Raises:
        CronError: naming the field and the word that is wrong, or saying how to write it in five fields.
    """
    plain = MACROS.get(text.strip().lower(), text.strip())
    if plain.startswith("@"):
        raise CronError(f"there is no '{text}', but " + ", ".join(MACROS))
    if plain.lower().startswith(("cron(", "rate(")):
        raise CronError(f"'{text}' is written for EventBridge; the five fields alone are wanted" + _in_five(plain))
    words = plain.split()
    if len(words) in (6, 7):
        summary = f"'{text}' has {len(words)} fields, as EventBridge or Quartz write it; standard cron has five"
        raise CronError(summary + _in_five(plain))
    if len(words) != 5:
        names = ", ".join(field.name for field in FIELDS)
        raise CronError(f"'{text}' has {len(words)} field{'s' * (len(words) != 1)}, cron has five: {names}")
    items = [read_field(field, word) for field, word in zip(FIELDS, words)]
    check_end_of_week(items[-1])
    minute, hour, day, month, weekday = (",".join(map(str, field)) for field in items)
    day, weekday = plain_days(text, day, month, weekday)
    cron = Cron(text, (minute, hour, day, month, weekday))
    _simulate(cron, _EPOCH)
    return cron


def _in_five(text: str) -> str:
    """The end of a message: how to write in five fields what is written for EventBridge or Quartz, if it is known."""
    words = unwrapped(text).split()
    read = parse if len(words) == 5 else from_eventbridge
    readings = [words]
    if len(words) != 5 and words[:1] == ["0"]:  # the seconds of Quartz
        readings += [words[1:], [*words[1:], "*"]]
    for reading in readings:
        try:
            return f"; write '{read(' '.join(reading))}'"
        except CronError:
            continue
        except NotExpressible as error:
            return f"; {error}"
    return ""


def _simulate(cron: Cron, start: datetime.datetime) -> CronSim:
    from cronsim import CronSim, CronSimError

    try:
        return CronSim(str(cron), start)
    except CronSimError as error:
        raise CronError(f"'{cron.text}' is no cron expression: {str(error).lower()}") from None


def to_eventbridge(cron: Cron, timezone: str | None = None) -> str:
    """The six fields that go between ``cron(`` and ``)`` of an EventBridge rule.

    They are what ``@schedule(cron=...)`` wants: Metaflow puts the ``cron(...)`` around them, so that a text which has
    it already would become ``cron(cron(...))``. Exactly one of the two days is ``?``, and days of the week count from
    1, which is Sunday (docs.aws.amazon.com, "Cron expressions reference"). Only what that page shows is written: a
    step above the field's highest number (``*/60``) and a list or range with steps become lists of numbers.

    Raises:
        NotExpressible: for both days limited, and for a time zone: rules are in UTC.
    """
    _check_utc(timezone)
    check_days(cron, "EventBridge")
    *fields, weekday = cron.fields
    if weekday == "*":
        weekday = "?"
    else:
        fields[2], weekday = "?", write_numbers(number + 1 for number in weekdays_of(weekday))
    written = " ".join((*map(for_eventbridge, FIELDS, fields), weekday, "*"))
    if len(written) > _EVENTBRIDGE_LENGTH:
        written = " ".join((*map(as_numbers, FIELDS, fields), weekday, "*"))
    return written


def _check_utc(timezone: str | None) -> None:
    if timezone not in (None, "UTC", "Etc/UTC"):
        raise NotExpressible(f"EventBridge rules are in UTC and cannot be in '{timezone}'; write the hours in UTC")


def from_eventbridge(text: str) -> Cron:
    """Read the six fields of EventBridge, with or without ``cron(...)`` around them, as a flow's code may have them.

    Raises:
        CronError: naming the field and the word that is wrong.
        NotExpressible: for what five fields cannot say: a year, ``L``, ``W`` and ``#``.
    """
    words = unwrapped(text).split()
    if len(words) != 6:
        names = ", ".join(field.name for field in FIELDS)
        raise CronError(f"'{text}' has {len(words)} field{'s' * (len(words) != 1)}, EventBridge has six: {names}, year")
    minute, hour, day, month, weekday, year = words
    if (day == "?") == (weekday == "?"):
        raise CronError(f"'{text}' has to have '?' as the day of the month or as the day of the week, for EventBridge")
    if not re.fullmatch(r"[0-9*,/-]+", year):
        raise CronError(f"the year '{year}' cannot be read")
    for name, word in (("day of the month", day), ("day of the week", weekday), ("year", year)):
        if is_extension(word) or (name == "year" and word != "*"):
            raise NotExpressible(f"the {name} '{word}' cannot be said in five fields")
    if weekday == "?":
        weekday = "*"
    else:
        day, weekday = "*", write_numbers(number - 1 for number in numbers_of(EVENTBRIDGE_WEEKDAY, weekday))
    return parse(" ".join((minute, hour, day, month, weekday)))._replace(text=text)


def to_argo(cron: Cron) -> str:
    """Five fields as an Argo CronWorkflow reads them: the standard parser of robfig/cron v3, which has no 7 for Sunday.

    Both days limited mean one or the other there too.

    Raises:
        NotExpressible: where implementations of cron differ: of two limited days one with ``*/2``, which robfig/cron
            takes for the one or the other, and Debian's cron for both at once.
    """
    check_days(cron, "Argo")
    *fields, weekday = cron.fields
    return " ".join((*fields, weekday if weekday == "*" else write_numbers(weekdays_of(weekday))))


def next_times(
    cron: Cron,
    start: datetime.datetime,
    count: int,
    timezone: str | None = None,
) -> list[datetime.datetime]:
    """The next times that a schedule fires, in its time zone.

    Where clocks are changed, they are those of Debian's cron, which runs a job with a fixed hour once; Argo leaves out
    a time that is skipped, and runs twice at one that comes twice.

    Args:
        start: with a time zone; times after it are given.
        timezone: an IANA name; UTC if there is none.

    Raises:
        CronError: if there is no such time zone.
    """
    if start.tzinfo is None:
        raise ValueError("the start has no time zone")
    # In an hour that comes twice cronsim goes back to the first time, which may be before the start.
    since = start.astimezone(_UTC)
    times = dropwhile(lambda time: time.astimezone(_UTC) <= since, _simulate(cron, start.astimezone(zone(timezone))))
    return list(islice(times, count))


def zone(timezone: str | None) -> datetime.tzinfo:
    """The time zone of a name.

    Raises:
        CronError: if there is none.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if timezone is None:
        return _UTC
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise CronError(f"there is no time zone '{timezone}'") from None


def of_schedule(attributes: Mapping[str, Any]) -> Cron | None:
    """What ``schedule:`` of settings means: ``cron``, else weekly, hourly and daily in Metaflow 2.19's order.

    With none of them it is daily, Metaflow's default.

    Raises:
        CronError: if the expression is not standard.
    """
    if attributes.get("cron"):
        return parse(str(attributes["cron"]))
    for word in ("weekly", "hourly"):
        if attributes.get(word):
            return parse(f"@{word}")
    return parse("@daily") if attributes.get("daily", True) else None


def from_metaflow(attributes: Mapping[str, Any]) -> Cron | None:
    """What ``@schedule`` of a flow's code means: the same as in settings, and EventBridge's six fields besides.

    Raises:
        CronError: if the expression is neither.
        NotExpressible: if five fields cannot say it.
    """
    text = str(attributes.get("cron") or "")
    return from_eventbridge(text) if _is_eventbridge(text) else of_schedule(attributes)


def _is_eventbridge(text: str) -> bool:
    return len(unwrapped(text).split()) == 6


def for_orchestrator(attributes: Mapping[str, Any], orchestrator: str) -> dict[str, Any]:
    """The attributes of ``@schedule`` for one orchestrator: its cron text, with nothing else left to read.

    Six fields of EventBridge, which a flow's code may have, are left to EventBridge as they are.

    Raises:
        CronError: if the expression is not standard.
        NotExpressible: if the orchestrator cannot say it.
    """
    timezone = attributes.get("timezone")
    zone(timezone)
    only = {"daily": False, "weekly": False, "hourly": False}
    text = str(attributes.get("cron") or "")
    if orchestrator == "step-functions" and _is_eventbridge(text):
        _check_utc(timezone)
        return {"cron": unwrapped(text), **only, "timezone": None}
    cron = from_metaflow(attributes)
    if cron is None:
        return dict(attributes)
    if orchestrator == "step-functions":
        return {"cron": to_eventbridge(cron, timezone), **only, "timezone": None}
    return {"cron": to_argo(cron), **only, "timezone": timezone}
