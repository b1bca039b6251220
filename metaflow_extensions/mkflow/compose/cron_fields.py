"""The fields of a cron expression: what may stand in one, the numbers that it stands for, and what is unclear.

An item is ``*``, ``a`` or ``a-b``, each with or without ``/step``; a field is a list of items. Times are not made here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class CronError(ValueError):
    """The text is no standard cron expression."""


class NotExpressible(ValueError):
    """An orchestrator, or standard cron, cannot say what the expression says."""


class Field(NamedTuple):
    """What a field is called in messages, its bounds, and the names of its numbers from ``low`` on."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def number(self, word: str) -> int:
        """The number of a word.

        Raises:
            CronError: for no number and no name, or one out of bounds.
        """
        if word.upper() in self.names:
            return self.names.index(word.upper()) + self.low
        if not word.isdigit():
            raise CronError(f"the {self.name} '{word}' is no number" + (" and no name" if self.names else ""))
        if not self.low <= int(word) <= self.high:
            raise CronError(f"the {self.name} '{word}' is not between {self.low} and {self.high}")
        return int(word)


class Cron(NamedTuple):
    """A checked expression: as it was written, and its five fields in one form for all ways to write them."""

    text: str
    fields: tuple[str, str, str, str, str]

    def __str__(self) -> str:
        return " ".join(self.fields)


class Item(NamedTuple):
    """One of a field's list: names in upper case, numbers without leading zeros, what is not there is empty."""

    first: str
    last: str = ""
    step: str = ""

    def __str__(self) -> str:
        return self.first + (self.last and f"-{self.last}") + (self.step and f"/{self.step}")


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MINUTE = Field("minute", 0, 59)
HOUR = Field("hour", 0, 23)
DAY = Field("day of the month", 1, 31)
MONTH = Field("month", 1, 12, _MONTHS)
WEEKDAY = Field("day of the week", 0, 7, _DAYS)
FIELDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)
EVENTBRIDGE_WEEKDAY = Field("day of the week", 1, 7, _DAYS)
_DAYS_OF_MONTHS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_WORD = r"(\w{1,9})"
_ITEM = re.compile(rf"(?:(\*)|{_WORD}(?:-{_WORD})?)(?:/{_WORD})?", re.ASCII)
_WRAPPED = re.compile(r"cron\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
_QUARTZ = re.compile(r"L(?:-\d+)?W?|\d+[LW]|[A-Z]{3}L|\w+#\w*", re.ASCII | re.IGNORECASE)


def is_extension(text: str) -> bool:
    """Whether an item has ``L``, ``W`` or ``#``, which Quartz and EventBridge have and standard cron does not."""
    return any(_QUARTZ.fullmatch(word) for word in text.split(","))


def unwrapped(text: str) -> str:
    """The fields of EventBridge without the ``cron(...)`` around them, if it is there."""
    match = _WRAPPED.fullmatch(text.strip())
    return match[1].strip() if match else text.strip()


def read_field(field: Field, text: str) -> tuple[Item, ...]:
    """Read the list of a field.

    Raises:
        CronError: naming the field and the word that is wrong.
    """
    if "?" in text:
        raise CronError(f"the {field.name} is '?', which EventBridge and Quartz have; write '*'")
    if is_extension(text):
        raise CronError(f"the {field.name} '{text}' is an extension of Quartz that standard cron does not have")
    return tuple(_read_item(field, word, text) for word in text.split(","))


def _read_item(field: Field, word: str, text: str) -> Item:
    match = _ITEM.fullmatch(word)
    if match is None:
        raise CronError(f"the {field.name} '{word or text}' cannot be read")
    star, first, last, step = match.groups()
    numbers = [field.number(end) for end in (first, last) if end is not None]
    if len(numbers) == 2 and numbers[0] > numbers[1]:
        hint = f"; write '{first}-7'" if field is WEEKDAY and numbers[1] == 0 and step is None else ""
        raise CronError(f"the {field.name} '{word}' ends before it begins" + hint)
    if step is not None and (not step.isdigit() or int(step) == 0):
        raise CronError(f"the step of the {field.name} '{word}' is not a number above 0")
    if len(numbers) == 2 and numbers[0] == numbers[1]:
        return Item(_canonical(first))
    every = step is None or (int(step) == 1 and (star or last))
    return Item(star or _canonical(first), _canonical(last or ""), "" if every else str(int(step)))


def _canonical(word: str) -> str:
    return str(int(word)) if word.isdigit() else word.upper()


def numbers_of(field: Field, text: str) -> set[int]:
    """All numbers that a field stands for; ``a/step`` goes on to the highest.

    Raises:
        CronError: naming the field and the word that is wrong.
    """
    found: set[int] = set()
    for item in read_field(field, text):
        first = field.low if item.first == "*" else field.number(item.first)
        open_end = field.high if item.first == "*" or item.step else first
        last = field.number(item.last) if item.last else open_end
        found.update(range(first, last + 1, int(item.step or 1)))
    return found


def write_numbers(numbers: Iterable[int]) -> str:
    """``1,3-5`` for 5, 4, 3 and 1."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)


def weekdays_of(text: str) -> set[int]:
    """The days of the week of a standard field, Sunday being 0."""
    return {number % 7 for number in numbers_of(WEEKDAY, text)}


def check_end_of_week(items: Iterable[Item]) -> None:
    """Refuse ``1/2``: it ends on Saturday where the last day is 6 (robfig/cron), on Sunday where it is 7 (cronsim).

    Raises:
        CronError: with the two ways to write it.
    """
    for item in items:
        if item.step and item.first != "*" and not item.last:
            first, step = WEEKDAY.number(item.first), int(item.step)
            if first not in (0, 7) and (7 - first) % step == 0:
                raise CronError(
                    f"the day of the week '{item}' ends on Saturday or on Sunday: implementations of cron differ; "
                    f"write '{item.first}-6/{item.step}' or '{item.first}-7/{item.step}'"
                )


def plain_days(text: str, day: str, month: str, weekday: str) -> tuple[str, str]:
    """The two day fields, ``*`` for one that leaves every day open or adds none.

    Two limited days mean one or the other, unless one of them begins with ``*``: so ``1 * 0-6`` is every day.

    Raises:
        CronError: for days that no month has.
    """
    days, months = numbers_of(DAY, day), numbers_of(MONTH, month)
    any_day, any_weekday = len(days) == 31, len(weekdays_of(weekday)) == 7
    either = not day.startswith("*") and not weekday.startswith("*")
    if either and (any_day or any_weekday):
        return "*", "*"
    if min(days) > max(_DAYS_OF_MONTHS[number] for number in months):
        if not either:
            raise CronError(f"'{text}' never comes: the month '{month}' has no day '{day}'")
        any_day = True
    return "*" if any_day else day, "*" if any_weekday else weekday


def as_numbers(field: Field, text: str) -> str:
    """The field as a list of numbers and ranges, ``*`` for all of them; ``?`` stays."""
    if text == "?":
        return text
    numbers = numbers_of(field, text)
    return "*" if len(numbers) == field.high - field.low + 1 else write_numbers(numbers)


def for_eventbridge(field: Field, text: str) -> str:
    """The field as it is, or as numbers if it has steps in a way that EventBridge's manual does not show."""
    if "/" not in text:
        return text
    first, _, step = text.partition("/")
    simple = first == "*" or first.isdigit()
    return text if simple and step.isdigit() and int(step) <= field.high else as_numbers(field, text)


def check_days(cron: Cron, name: str) -> None:
    """Refuse two limited days where the orchestrator of the name cannot say them, or not for certain.

    Raises:
        NotExpressible: with what to do.
    """
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
