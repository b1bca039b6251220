"""Errors are data: a :class:`Problem` says what, where and what to do; one function prints it.

::

    MkflowError        1   a bug in mkflow, or the base of all
      UsageError       2   wrong usage, or a selection that matches nothing
      SettingsError    3   the settings are wrong, nothing was run
      OutsideError     4   Metaflow, git or an orchestrator failed; its own words are below ours
      Refused          6   declined or refused
      PartlyFailed     7   some instances succeeded and some did not
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .tree import Origin, Path, dotted


class Problem(NamedTuple):
    """One thing that is wrong.

    ``summary`` is lower case without a full stop, the user's word in quotes; ``origins`` begin
    with the place to edit, further ones are what it clashed with; ``hint`` is something to type;
    ``detail`` is somebody else's words, shown as they are.
    """

    summary: str
    path: Path = ()
    origins: tuple[Origin, ...] = ()
    hint: str = ""
    detail: str = ""


class MkflowError(Exception):
    """Base of all errors that a user can cause; ``problems`` is never empty."""

    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(format_problem(problem) for problem in self.problems)


class UsageError(MkflowError):
    """A wrong option or argument, or a selection that matches nothing."""

    exit_code = 2


class SettingsError(MkflowError):
    """The project file or the settings are wrong; nothing was run."""

    exit_code = 3


class OutsideError(MkflowError):
    """Metaflow, git or an orchestrator failed."""

    exit_code = 4


class Refused(MkflowError):
    """A guard said no, or the user did."""

    exit_code = 6


class PartlyFailed(MkflowError):
    """Some of several instances succeeded and some did not."""

    exit_code = 7


_SAFE_CONTROLS = "\n"
_UNSAFE_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def printable(text: str) -> str:
    """Escape control characters, bidirectional marks and the like, so that a terminal shows them.

    A value of a settings file must never be able to move the cursor or to reorder what is read.
    """
    if text.isascii() and text.isprintable():
        return text
    import unicodedata

    return "".join(
        char.encode("unicode_escape").decode("ascii")
        if unicodedata.category(char) in _UNSAFE_CATEGORIES and char not in _SAFE_CONTROLS
        else char
        for char in text
    )


def format_problem(problem: Problem, label: str = "error") -> str:
    """Print one problem in the form of design section 10, without colour, without a final newline."""
    lines = [f"{label}: {_one_line(problem.summary)}"]
    if problem.path:
        lines.append(f"  at  {_one_line(dotted(problem.path))}")
    lines += [f"  in  {_one_line(origin)}" for origin in dict.fromkeys(str(origin) for origin in problem.origins)]
    if problem.hint:
        first, *more = problem.hint.split("\n")
        lines.append(f"  try {first}")
        lines += [f"      {line}" for line in more]
    if problem.detail:
        lines += [f"  | {line}" for line in problem.detail.rstrip("\n").split("\n")]
    return printable("\n".join(lines))


def _one_line(text: str) -> str:
    """A line break in a name or a value does not look like a line of ours."""
    return text.replace("\n", "\\n")


def by_place(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort by file, line and column of the place to edit, without doubles."""

    def place(problem: Problem) -> tuple[str, int, int, str]:
        origin = problem.origins[0] if problem.origins else Origin("")
        return (origin.source, origin.line or 0, origin.column or 0, problem.summary)

    return tuple(sorted(dict.fromkeys(problems), key=place))
