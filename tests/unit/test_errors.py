from __future__ import annotations

import pytest

from metaflow_extensions.mkflow.compose import errors
from metaflow_extensions.mkflow.compose.errors import MkflowError, Problem, SettingsError, by_place, format_problem, printable
from metaflow_extensions.mkflow.compose.tree import Origin


def test_a_problem_is_printed_as_the_design_has_it() -> None:
    problem = Problem(
        "there is no key 'regoin' to refer to", ("configuration", "image"),
        (Origin("settings/settings.configuration@prod.yaml", 12, 10), Origin("--set a.b=1")), "${configuration.region}\nor else", "its\nwords\n",
    )  # fmt: skip
    assert format_problem(problem) == (
        "error: there is no key 'regoin' to refer to\n"
        "  at  configuration.image\n"
        "  in  settings/settings.configuration@prod.yaml:12:10\n"
        "  in  --set a.b=1\n"
        "  try ${configuration.region}\n"
        "      or else\n"
        "  | its\n"
        "  | words"
    )


def test_a_place_is_printed_once_and_absent_parts_not_at_all() -> None:
    place = Origin("a.yaml", 1, 2)
    assert format_problem(Problem("x", (), (place, place._replace(layer="other"))), "warning") == "warning: x\n  in  a.yaml:1:2"


@pytest.mark.parametrize(
    "problem",
    [
        pytest.param(Problem("a 'x\n  try rm'", ("k\nk",), (Origin("f\nf"),)), id="in summary, path and place"),
    ],
)
def test_a_line_break_of_the_user_does_not_look_like_a_line_of_ours(problem: Problem) -> None:
    assert format_problem(problem).count("\n") == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain", "plain", id="ascii"),
        pytest.param("zürich → 東京 🎉", "zürich → 東京 🎉", id="letters of the world"),
        pytest.param("a\x1b[31mb", "a\\x1b[31mb", id="escape sequence"),
        pytest.param("a\rb\x07\x7f", "a\\rb\\x07\\x7f", id="control characters"),
        pytest.param("\x9b31m", "\\x9b31m", id="C1 control"),
        pytest.param("a\u202eb\u2066", "a\\u202eb\\u2066", id="bidirectional marks"),
        pytest.param("a\u200bb\ufeff", "a\\u200bb\\ufeff", id="no width"),
        pytest.param("a\u2028b\u2029", "a\\u2028b\\u2029", id="line separators"),
        pytest.param("\ud800\ue000", "\\ud800\\ue000", id="surrogate and private use"),
        pytest.param("a\nb", "a\nb", id="line break stays"),
    ],
)
def test_nothing_of_a_file_moves_the_cursor(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert shown in format_problem(Problem("", detail=text.replace("\n", " "))) + shown


def test_sorted_by_place_without_doubles() -> None:
    first, second, third = (Problem(str(line), (), (Origin("a.yaml", line, 1),)) for line in (2, 9, 10))
    nowhere = Problem("nowhere")
    other = Problem("other file", (), (Origin("b.yaml", 1, 1),))
    assert by_place([other, third, first, second, first, nowhere]) == (nowhere, first, second, third, other)


def test_exit_codes() -> None:
    kinds = (errors.UsageError, errors.SettingsError, errors.OutsideError, errors.Refused, errors.PartlyFailed)
    assert [kind.exit_code for kind in kinds] == [2, 3, 4, 6, 7]
    assert all(issubclass(kind, MkflowError) for kind in kinds)


def test_an_error_prints_all_its_problems() -> None:
    assert str(SettingsError(Problem("one"), Problem("two"))) == "error: one\nerror: two"
