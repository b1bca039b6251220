"""The fields of a cron expression: what may stand in one, and the numbers that it stands for.

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

_WORD = r"(\w{1,9})"
_ITEM = re.compile(rf"(?:(\*)|{_WORD}(?:-{_WORD})?)(?:/{_WORD})?", re.ASCII)
_QUARTZ = re.compile(r"L(?:-\d+)?W?|\d+[LW]|[A-Z]{3}L|\w+#\w*", re.ASCII | re.IGNORECASE)


def is_extension(text: str) -> bool:
    """Whether a field has one of ``L``, ``W`` and ``#``, which Quartz and EventBridge have and standard cron has not."""
    return any(_QUARTZ.fullmatch(word) for word in text.split(","))


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
        raise CronError(f"the {field.name} '{word}' ends before it begins")
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
