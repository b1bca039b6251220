from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaflow_extensions.mkflow.compose import cron

UTC = datetime.timezone.utc


@pytest.mark.parametrize(
    ("text", "eventbridge", "argo"),
    [
        ("0 2 * * *", "0 2 * * ? *", "0 2 * * *"),
        ("*/15 * * * *", "*/15 * * * ? *", "*/15 * * * *"),
        ("5/20 * * * *", "5/20 * * * ? *", "5/20 * * * *"),
        ("0 9-17 * * *", "0 9-17 * * ? *", "0 9-17 * * *"),
        ("0,30 * * * *", "0,30 * * * ? *", "0,30 * * * *"),
        ("0 0 1 * *", "0 0 1 * ? *", "0 0 1 * *"),
        ("0 0 */2 * *", "0 0 */2 * ? *", "0 0 */2 * *"),
        ("0 0 1,15 * *", "0 0 1,15 * ? *", "0 0 1,15 * *"),
        ("0 0 1 1 *", "0 0 1 1 ? *", "0 0 1 1 *"),
        ("0 0 1 jan,jul *", "0 0 1 JAN,JUL ? *", "0 0 1 JAN,JUL *"),
        ("0 0 * * 0", "0 0 ? * 1 *", "0 0 * * 0"),
        ("0 0 * * 7", "0 0 ? * 1 *", "0 0 * * 0"),
        ("0 0 * * SUN", "0 0 ? * 1 *", "0 0 * * 0"),
        ("0 0 * * 1", "0 0 ? * 2 *", "0 0 * * 1"),
        ("0 0 * * 6", "0 0 ? * 7 *", "0 0 * * 6"),
        ("0 0 * * MON-FRI", "0 0 ? * 2-6 *", "0 0 * * 1-5"),
        ("0 0 * * mon-fri", "0 0 ? * 2-6 *", "0 0 * * 1-5"),
        ("0 0 * * 1-5", "0 0 ? * 2-6 *", "0 0 * * 1-5"),
        ("0 0 * * 5-7", "0 0 ? * 1,6,7 *", "0 0 * * 0,5,6"),
        ("0 0 * * 0-6", "0 0 * * ? *", "0 0 * * *"),
        ("0 0 * * 1-7", "0 0 * * ? *", "0 0 * * *"),
        ("0 0 * * 0,3", "0 0 ? * 1,4 *", "0 0 * * 0,3"),
        ("0 0 * * SAT,SUN", "0 0 ? * 1,7 *", "0 0 * * 0,6"),
        ("0 0 * * 1-5/2", "0 0 ? * 2,4,6 *", "0 0 * * 1,3,5"),
        ("0 0 * 6-8 MON", "0 0 ? 6-8 2 *", "0 0 * 6-8 1"),
        ("0 0 13 * *", "0 0 13 * ? *", "0 0 13 * *"),
        ("0 0 31 1 *", "0 0 31 1 ? *", "0 0 31 1 *"),
        ("59 23 31 12 *", "59 23 31 12 ? *", "59 23 31 12 *"),
        ("@hourly", "0 * * * ? *", "0 * * * *"),
        ("@daily", "0 0 * * ? *", "0 0 * * *"),
        ("@midnight", "0 0 * * ? *", "0 0 * * *"),
        ("@weekly", "0 0 ? * 1 *", "0 0 * * 0"),
        ("@monthly", "0 0 1 * ? *", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 ? *", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 ? *", "0 0 1 1 *"),
        ("* * 1 * 0-6", "* * * * ? *", "* * * * *"),
        ("0 0 1-31 * 1", "0 0 * * ? *", "0 0 * * *"),
        ("0 0 */1 * 1", "0 0 ? * 2 *", "0 0 * * 1"),
        ("7-7/2 0-0 * * *", "7 0 * * ? *", "7 0 * * *"),
        ("  0  2 * * *  ", "0 2 * * ? *", "0 2 * * *"),
    ],
)
def test_translations(text: str, eventbridge: str, argo: str) -> None:
    parsed = cron.parse(text)
    assert cron.to_eventbridge(parsed) == eventbridge
    assert cron.to_argo(parsed) == argo


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 25 * * *", "the hour '25' is not between 0 and 23"),
        ("60 * * * *", "the minute '60' is not between 0 and 59"),
        ("0 0 0 * *", "the day of the month '0' is not between 1 and 31"),
        ("0 0 * 13 *", "the month '13' is not between 1 and 12"),
        ("0 0 * * 8", "the day of the week '8' is not between 0 and 7"),
        ("0 0 * JUNE *", "the month 'JUNE' is no number and no name"),
        ("0 0 * * FUNDAY", "the day of the week 'FUNDAY' is no number and no name"),
        ("x 0 * * *", "the minute 'X' is no number"),
        ("0 17-9 * * *", "the hour '17-9' ends before it begins"),
        ("*/0 * * * *", "the step of the minute '*/0' is not a number above 0"),
        ("0 0 * * FRI-", "the day of the week 'FRI-' cannot be read"),
        ("0 2 * *", "'0 2 * *' has 4 fields, cron has five: minute, hour, day of the month, month, day of the week"),
        ("", "'' has 0 fields, cron has five: minute, hour, day of the month, month, day of the week"),
        ("0 2 * * ? *", "'0 2 * * ? *' has 6 fields, as EventBridge or Quartz write it; standard cron has five"),
        ("0 2 ? * 1", "the day of the month is '?', which EventBridge and Quartz have; write '*'"),
        ("cron(0 2 * * ? *)", "'cron(0 2 * * ? *)' is written for EventBridge; the five fields alone are wanted"),
        ("0 0 L * *", "the day of the month 'L' is an extension of Quartz that standard cron does not have"),
        ("0 0 * * 5#2", "the day of the week '5#2' is an extension of Quartz that standard cron does not have"),
        ("@reboot", "there is no '@reboot', but @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"),
        ("0 0 31 2 *", "'0 0 31 2 *' never comes: bad day-of-month"),
    ],
)
def test_wrong_expressions(text: str, message: str) -> None:
    with pytest.raises(cron.CronError) as error:
        cron.parse(text)
    assert str(error.value) == message


def test_what_orchestrators_cannot_say() -> None:
    both = cron.parse("0 0 13 * 5")
    with pytest.raises(cron.NotExpressible, match="EventBridge takes one of them"):
        cron.to_eventbridge(both)
    assert cron.to_argo(both) == "0 0 13 * 5"
    for translate in (cron.to_eventbridge, cron.to_argo):
        with pytest.raises(cron.NotExpressible, match="implementations of cron differ"):
            translate(cron.parse("0 0 */2 * 5"))
    with pytest.raises(cron.NotExpressible, match="EventBridge rules are in UTC"):
        cron.to_eventbridge(cron.parse("0 2 * * *"), "Europe/Zurich")


def test_next_times_in_a_time_zone() -> None:
    start = datetime.datetime(2026, 3, 28, 12, tzinfo=UTC)
    found = cron.next_times(cron.parse("0 9 * * *"), start, 2, "Europe/Zurich")
    assert [moment.isoformat() for moment in found] == ["2026-03-29T09:00:00+02:00", "2026-03-30T09:00:00+02:00"]
    with pytest.raises(cron.CronError, match="there is no time zone 'Europe/Zuerich'"):
        cron.next_times(cron.parse("0 9 * * *"), start, 2, "Europe/Zuerich")


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({"cron": "0 2 * * MON"}, "0 2 ? * 2 *"),
        ({"hourly": True}, "0 * * * ? *"),
        ({"weekly": True, "hourly": True}, "0 0 ? * 1 *"),
        ({}, "0 0 * * ? *"),
        ({"daily": True}, "0 0 * * ? *"),
    ],
)
def test_schedules_for_step_functions(attributes: dict[str, object], wanted: str) -> None:
    assert cron.for_orchestrator(attributes, "step-functions")["cron"] == wanted
    assert cron.for_orchestrator({"daily": False}, "step-functions") == {"daily": False}


def _values(low: int, high: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    number = st.integers(low, high).map(str)
    named = st.sampled_from(names) if names else number
    spans = st.tuples(st.integers(low, high), st.integers(low, high)).map(lambda pair: f"{min(pair)}-{max(pair)}")
    steps = st.tuples(st.one_of(st.just("*"), spans), st.integers(1, max(2, high // 2))).map(lambda pair: f"{pair[0]}/{pair[1]}")
    lists = st.lists(st.one_of(number, named, spans), min_size=1, max_size=3).map(",".join)
    return st.one_of(st.just("*"), number, named, spans, steps, lists)


EXPRESSIONS = st.tuples(
    _values(0, 59), _values(0, 23), st.one_of(st.just("*"), _values(1, 28)), _values(1, 12, ("JAN", "MAY", "DEC")),
    st.one_of(st.just("*"), _values(0, 7, ("SUN", "MON", "SAT"))),
).map(" ".join)  # fmt: skip


def expand(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> set[int]:
    """An evaluator of its own for one field of an orchestrator, written from its manual."""
    found: set[int] = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        if span in ("*", "?"):
            first, last = low, high
        else:
            one, _, two = span.partition("-")
            first = names.index(one) + low if one in names else int(one)
            last = (names.index(two) + low if two in names else int(two)) if two else (high if step else first)
        assert low <= first <= last <= high, field
        found |= set(range(first, last + 1, int(step or 1)))
    return found


MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def days_and_minutes(minute: str, hour: str, day: str, month: str, matches: object) -> tuple[list[datetime.date], set[tuple[int, int]]]:
    """The days of 2026 that fit, and the moments of each such day."""
    months, days = expand(month, 1, 12, MONTHS), expand(day, 1, 31)
    year = [datetime.date(2026, 1, 1) + datetime.timedelta(days=number) for number in range(365)]
    moments = {(one, two) for one in expand(hour, 0, 23) for two in expand(minute, 0, 59)}
    return [date for date in year if date.month in months and matches(date, date.day in days)], moments  # type: ignore[operator]


def before_translation(text: str) -> tuple[list[datetime.date], set[tuple[int, int]]]:
    """By cronsim: the first moment of each day, and all moments of the first day."""
    start = datetime.datetime(2025, 12, 31, 23, 59, tzinfo=UTC)
    days: list[datetime.date] = []
    moments: set[tuple[int, int]] = set()
    at = start
    while True:
        found = cron.next_times(cron.parse(text), at, 1)[0]
        if found.year > 2026:
            return days, moments
        days.append(found.date())
        if len(days) == 1:
            for moment in cron.next_times(cron.parse(text), at, 1440):
                if moment.date() == found.date():
                    moments.add((moment.hour, moment.minute))
        at = datetime.datetime(found.year, found.month, found.day, 23, 59, 59, tzinfo=UTC)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(EXPRESSIONS)
def test_fire_times_of_a_year_are_equal_before_and_after(text: str) -> None:
    parsed = cron.parse(text)
    try:
        minute, hour, day, month, weekday, year = cron.to_eventbridge(parsed).split()
    except cron.NotExpressible:
        return
    assert year == "*"
    assert (day == "?") != (weekday == "?")
    sunday_is_one = expand(weekday, 1, 7)
    wanted = before_translation(text)
    found = days_and_minutes(
        minute, hour, day, month, lambda date, fits: (date.isoweekday() % 7 + 1) in sunday_is_one if day == "?" else fits
    )
    assert found[0] == wanted[0]
    assert not wanted[0] or found[1] == wanted[1]
    minute, hour, day, month, weekday = cron.to_argo(parsed).split()
    sunday_is_zero = expand(weekday, 0, 6)
    found = days_and_minutes(minute, hour, day, month, lambda date, fits: fits and date.isoweekday() % 7 in sunday_is_zero)
    assert found[0] == wanted[0]
