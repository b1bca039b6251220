"""What the readers of YAML, JSON and TOML share: the name of what is read, its limits, and how it is refused."""

from __future__ import annotations

from typing import NamedTuple

from .errors import Problem
from .scalars import MOST_DIGITS, is_long_number
from .tree import Origin

MOST_DEPTH = 100
"""Mappings and lists may be nested this deep."""


class Source(NamedTuple):
    """What a file is called in origins, and the layer it belongs to."""

    name: str
    layer: str = ""


class Refusal(Exception):
    """A problem while reading one file; carries a :class:`Problem`."""

    def __init__(self, summary: str, origin: Origin, hint: str = "", *others: Origin) -> None:
        super().__init__(summary)
        self.problem = Problem(summary, (), (origin, *others), hint)


def refuse_long_number(text: str, origin: Origin) -> None:
    """Refuse a whole number that has too many digits."""
    if is_long_number(text):
        raise Refusal(f"a number has more than {MOST_DIGITS} digits", origin, "quotes around it, if it is text")
