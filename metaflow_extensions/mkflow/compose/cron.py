"""Cron: the standard five fields everywhere, translated for each orchestrator.

What an expression means is decided by ``cronsim``, which follows Debian's cron; here it is only checked that the
expression is standard, and written in another way. Metaflow 2.19 hands ``@schedule(cron=...)`` to EventBridge as
``cron(<text>)`` and the first five fields of it to Argo.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from cronsim import CronSim

MACROS = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}  # fmt: skip
FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_NAMES = (
    (), (), (), ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
    ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"),
)  # fmt: skip
_EPOCH = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)


class CronError(ValueError):
    """The text is no standard cron expression."""


class NotExpressible(ValueError):
    """An orchestrator cannot say what the expression says."""


class Cron(NamedTuple):
    """A checked expression: as it was written, and its five fields."""

    text: str
    fields: tuple[str, str, str, str, str]

    def __str__(self) -> str:
        return " ".join(self.fields)


def parse(text: str) -> Cron:
    """Read a cron expression of five fields, or ``@daily`` and its like.

    Raises:
        CronError: naming the field and the word that is wrong.
    """
    plain = MACROS.get(text.strip().lower(), text.strip())
    if plain.startswith("@"):
        raise CronError(f"there is no '{text}', but " + ", ".join(MACROS))
    if plain.lower().startswith(("cron(", "rate(")):
        raise CronError(f"'{text}' is written for EventBridge; the five fields alone are wanted")
    fields = plain.upper().split()
    if len(fields) in (6, 7):
        raise CronError(f"'{text}' has {len(fields)} fields, as EventBridge or Quartz write it; standard cron has five")
    if len(fields) != 5:
        raise CronError(f"'{text}' has {len(fields)} field{'s' * (len(fields) != 1)}, cron has five: {', '.join(FIELDS)}")
    for index, field in enumerate(fields):
        _check_field(index, field)
        # cronsim takes 5-5/2 for 5/2, which is 5-59/2.
        fields[index] = re.sub(r"\b(\w+)-\1(/\w+)?(?=,|$)", r"\1", field)
    cron = Cron(text, tuple(fields))  # type: ignore[arg-type]
    return _plain_days(cron, _simulate(cron))


_TERM = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\w+))?")


def _check_field(index: int, field: str) -> None:
    name = FIELDS[index]
    if "?" in field:
        raise CronError(f"the {name} is '?', which EventBridge and Quartz have; write '*'")
    if re.search(r"[LW#]", re.sub(r"[A-Z]{3}", "", field)):
        raise CronError(f"the {name} '{field}' is an extension of Quartz that standard cron does not have")
    for term in field.split(","):
        match = _TERM.fullmatch(term)
        if match is None:
            raise CronError(f"the {name} '{term}' cannot be read")
        _, low, high, step = match.groups()
        numbers = [_number(index, word) for word in (low, high) if word is not None]
        if len(numbers) == 2 and numbers[0] > numbers[1]:
            raise CronError(f"the {name} '{term}' ends before it begins")
        if step is not None and (not step.isdigit() or int(step) == 0):
            raise CronError(f"the step of the {name} '{term}' is not a number above 0")


def _number(index: int, word: str) -> int:
    low, high = _BOUNDS[index]
    if word in _NAMES[index]:
        return _NAMES[index].index(word) + low
    if not word.isdigit():
        raise CronError(f"the {FIELDS[index]} '{word}' is no number" + (" and no name" if _NAMES[index] else ""))
    if not low <= int(word) <= high:
        raise CronError(f"the {FIELDS[index]} '{word}' is not between {low} and {high}")
    return int(word)


def _simulate(cron: Cron, start: datetime.datetime = _EPOCH) -> CronSim:
    from cronsim import CronSim, CronSimError

    try:
        return CronSim(str(cron), start)
    except CronSimError as error:
        raise CronError(f"'{cron.text}' never comes: {str(error).lower()}") from None


def _plain_days(cron: Cron, simulated: CronSim) -> Cron:
    """The same expression with ``*`` for a day field that leaves every day open.

    Two limited days mean one or the other, unless one of them begins with ``*``: so ``1 * 0-6`` is every day.
    """
    minute, hour, day, month, weekday = cron.fields
    any_day = len(simulated.days) == 31
    any_weekday = len({int(number) % 7 for number in simulated.weekdays if not isinstance(number, tuple)}) == 7
    either = not day.startswith("*") and not weekday.startswith("*")
    if either and (any_day or any_weekday):
        any_day = any_weekday = True
    return cron._replace(fields=(minute, hour, "*" if any_day else day, month, "*" if any_weekday else weekday))


def days_of_week(cron: Cron) -> set[int]:
    """The days of the week, Sunday being 0."""
    return {int(day) % 7 for day in _simulate(cron).weekdays if not isinstance(day, tuple)}


def _check_days(cron: Cron, name: str) -> None:
    day, weekday = cron.fields[2], cron.fields[4]
    if "*" in (day, weekday):
        return
    if day.startswith("*") or weekday.startswith("*"):
        raise NotExpressible(
            f"'{cron.text}' limits the day of the month and of the week, one of them with '*/': "
            "implementations of cron differ on it; write the days as a list"
        )
    if name == "EventBridge":
        raise NotExpressible(
            f"'{cron.text}' limits the day of the month and the day of the week, and EventBridge takes one of them; "
            "write two bindings, or let the flow decide"
        )


def to_eventbridge(cron: Cron, timezone: str | None = None) -> str:
    """The six fields that go between ``cron(`` and ``)`` of an EventBridge rule, and so into Metaflow's ``@schedule``.

    Exactly one of the two days is ``?``, and days of the week count from 1, which is Sunday
    (docs.aws.amazon.com, "Cron expressions reference").

    Raises:
        NotExpressible: for both days limited, and for a time zone: rules are in UTC.
    """
    if timezone not in (None, "UTC", "Etc/UTC"):
        raise NotExpressible(f"EventBridge rules are in UTC and cannot be in '{timezone}'; write the hours in UTC")
    _check_days(cron, "EventBridge")
    minute, hour, day, month, weekday = cron.fields
    if weekday == "*":
        return f"{minute} {hour} {day} {month} ? *"
    numbers = _ranges(sorted(number + 1 for number in days_of_week(cron)))
    return f"{minute} {hour} ? {month} {numbers} *"


def to_argo(cron: Cron) -> str:
    """Five fields as an Argo CronWorkflow reads them: robfig/cron has no 7 for Sunday.

    Raises:
        NotExpressible: where implementations of cron differ.
    """
    _check_days(cron, "Argo")
    minute, hour, day, month, weekday = cron.fields
    return f"{minute} {hour} {day} {month} " + (weekday if weekday == "*" else _ranges(sorted(days_of_week(cron))))


def _ranges(numbers: list[int]) -> str:
    """``1,3-5`` for 1, 3, 4, 5."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(
        f"{part[0]}-{part[-1]}" if len(part) > 2 else ",".join(map(str, part)) for part in parts
    )  # fmt: skip


def next_times(cron: Cron, start: datetime.datetime, count: int, timezone: str | None = None) -> list[datetime.datetime]:
    """The next times that a schedule fires, in its time zone.

    Args:
        start: with a time zone; times after it are given.
        timezone: an IANA name; UTC if there is none.

    Raises:
        CronError: if there is no such time zone, or the expression never comes.
    """
    times = _simulate(cron, start.astimezone(zone(timezone)))
    return [moment for moment, _ in zip(times, range(count))]


def zone(timezone: str | None) -> datetime.tzinfo:
    """The time zone of a name.

    Raises:
        CronError: if there is none.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if timezone is None:
        return datetime.timezone.utc
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CronError(f"there is no time zone '{timezone}'") from None


def of_schedule(attributes: Mapping[str, Any]) -> Cron | None:
    """What ``schedule:`` means: ``cron``, else weekly, hourly and daily as Metaflow 2.19 orders them; daily is its default.

    Raises:
        CronError: if the expression is not standard.
    """
    if attributes.get("cron"):
        return parse(str(attributes["cron"]))
    for word in ("weekly", "hourly"):
        if attributes.get(word):
            return parse(f"@{word}")
    return parse("@daily") if attributes.get("daily", True) else None


def for_orchestrator(attributes: Mapping[str, Any], orchestrator: str) -> dict[str, Any]:
    """The attributes of ``@schedule`` for one orchestrator: its cron text, with nothing else left to read.

    Raises:
        CronError: if the expression is not standard.
        NotExpressible: if the orchestrator cannot say it.
    """
    cron = of_schedule(attributes)
    timezone = attributes.get("timezone")
    zone(timezone)
    if cron is None:
        return dict(attributes)
    if orchestrator == "step-functions":
        return {"cron": to_eventbridge(cron, timezone), "daily": False, "weekly": False, "hourly": False, "timezone": None}
    return {"cron": to_argo(cron), "daily": False, "weekly": False, "hourly": False, "timezone": timezone}
