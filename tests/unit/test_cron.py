from __future__ import annotations

import datetime
import itertools
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaflow_extensions.mkflow.compose import cron

UTC = datetime.timezone.utc


@pytest.mark.parametrize(
    ("text", "eventbridge", "argo"),
    [
        ("0 2 * * *", "0 2 * * ? *", "0 2 * * *"),
        ("* * * * *", "* * * * ? *", "* * * * *"),
        ("  0  2 * * *\n", "0 2 * * ? *", "0 2 * * *"),
        ("00 02 * * *", "0 2 * * ? *", "0 2 * * *"),
        # steps
        ("*/15 * * * *", "*/15 * * * ? *", "*/15 * * * *"),
        ("*/1 * * * *", "* * * * ? *", "* * * * *"),
        ("*/59 */23 * * *", "*/59 */23 * * ? *", "*/59 */23 * * *"),
        ("*/60 * * * *", "0 * * * ? *", "*/60 * * * *"),
        ("0 */24 * * *", "0 0 * * ? *", "0 */24 * * *"),
        ("5/20 * * * *", "5/20 * * * ? *", "5/20 * * * *"),
        ("0 8-18/2 * * *", "0 8,10,12,14,16,18 * * ? *", "0 8-18/2 * * *"),
        ("0 8-18/1 * * *", "0 8-18 * * ? *", "0 8-18 * * *"),
        ("7-7/2 0-0 * * *", "7 0 * * ? *", "7 0 * * *"),
        ("7-07/2 * * * *", "7 * * * ? *", "7 * * * *"),
        ("*/20,5 * * * *", "0,5,20,40 * * * ? *", "*/20,5 * * * *"),
        # ranges and lists
        ("0 9-17 * * *", "0 9-17 * * ? *", "0 9-17 * * *"),
        ("0,30 * * * *", "0,30 * * * ? *", "0,30 * * * *"),
        ("0 1-3,8,20-22 * * *", "0 1-3,8,20-22 * * ? *", "0 1-3,8,20-22 * * *"),
        # day of the month, month
        ("0 0 1 * *", "0 0 1 * ? *", "0 0 1 * *"),
        ("0 0 13 * *", "0 0 13 * ? *", "0 0 13 * *"),
        ("0 0 */2 * *", "0 0 */2 * ? *", "0 0 */2 * *"),
        ("0 0 10-31/10 * *", "0 0 10,20,30 * ? *", "0 0 10-31/10 * *"),
        ("0 0 1,15 * *", "0 0 1,15 * ? *", "0 0 1,15 * *"),
        ("0 0 1 1 *", "0 0 1 1 ? *", "0 0 1 1 *"),
        ("0 0 1 jan,jul *", "0 0 1 JAN,JUL ? *", "0 0 1 JAN,JUL *"),
        ("0 0 1 Mar-Sep *", "0 0 1 MAR-SEP ? *", "0 0 1 MAR-SEP *"),
        ("0 0 1 JAN-JUL/3 *", "0 0 1 1,4,7 ? *", "0 0 1 JAN-JUL/3 *"),
        ("0 0 1 FEB/3 *", "0 0 1 2,5,8,11 ? *", "0 0 1 FEB/3 *"),
        ("0 0 1 */3 *", "0 0 1 */3 ? *", "0 0 1 */3 *"),
        ("0 0 31 1 *", "0 0 31 1 ? *", "0 0 31 1 *"),
        ("0 0 29 2 *", "0 0 29 2 ? *", "0 0 29 2 *"),
        ("59 23 31 12 *", "59 23 31 12 ? *", "59 23 31 12 *"),
        # day of the week: EventBridge counts from 1, Argo has no 7
        ("0 0 * * 0", "0 0 ? * 1 *", "0 0 * * 0"),
        ("0 0 * * 7", "0 0 ? * 1 *", "0 0 * * 0"),
        ("0 0 * * 07", "0 0 ? * 1 *", "0 0 * * 0"),
        ("0 0 * * SUN", "0 0 ? * 1 *", "0 0 * * 0"),
        ("0 0 * * 0,7", "0 0 ? * 1 *", "0 0 * * 0"),
        ("0 0 * * 1", "0 0 ? * 2 *", "0 0 * * 1"),
        ("0 0 * * 6", "0 0 ? * 7 *", "0 0 * * 6"),
        ("0 0 * * MON-FRI", "0 0 ? * 2-6 *", "0 0 * * 1-5"),
        ("0 0 * * mon-Fri", "0 0 ? * 2-6 *", "0 0 * * 1-5"),
        ("0 0 * * 1-5", "0 0 ? * 2-6 *", "0 0 * * 1-5"),
        ("0 0 * * 5-7", "0 0 ? * 1,6,7 *", "0 0 * * 0,5,6"),
        ("0 0 * * FRI-7", "0 0 ? * 1,6,7 *", "0 0 * * 0,5,6"),
        ("0 0 * * SUN-TUE", "0 0 ? * 1-3 *", "0 0 * * 0-2"),
        ("0 0 * * 0-6", "0 0 * * ? *", "0 0 * * *"),
        ("0 0 * * 1-7", "0 0 * * ? *", "0 0 * * *"),
        ("0 0 * * 0-7", "0 0 * * ? *", "0 0 * * *"),
        ("0 0 * * 0,3", "0 0 ? * 1,4 *", "0 0 * * 0,3"),
        ("0 0 * * SAT,SUN", "0 0 ? * 1,7 *", "0 0 * * 0,6"),
        ("0 0 * * 1-5/2", "0 0 ? * 2,4,6 *", "0 0 * * 1,3,5"),
        ("0 0 * * 1-7/2", "0 0 ? * 1,2,4,6 *", "0 0 * * 0,1,3,5"),
        ("0 0 * * */2", "0 0 ? * 1,3,5,7 *", "0 0 * * 0,2,4,6"),
        ("0 0 * * */7", "0 0 ? * 1 *", "0 0 * * 0"),
        ("0 0 * * 2/2", "0 0 ? * 3,5,7 *", "0 0 * * 2,4,6"),
        ("0 0 * * MON-1/2", "0 0 ? * 2 *", "0 0 * * 1"),
        ("0 0 * * 0/7", "0 0 ? * 1 *", "0 0 * * 0"),
        ("0 0 * * 7/2", "0 0 ? * 1 *", "0 0 * * 0"),
        ("0 0 * 6-8 MON", "0 0 ? 6-8 2 *", "0 0 * 6-8 1"),
        # a day field that limits nothing, or adds nothing
        ("* * 1 * 0-6", "* * * * ? *", "* * * * *"),
        ("0 0 1-31 * 1", "0 0 * * ? *", "0 0 * * *"),
        ("0 0 */1 * 1", "0 0 ? * 2 *", "0 0 * * 1"),
        ("0 0 30 2 1", "0 0 ? 2 2 *", "0 0 * 2 1"),
        ("@hourly", "0 * * * ? *", "0 * * * *"),
        ("@daily", "0 0 * * ? *", "0 0 * * *"),
        ("@Midnight", "0 0 * * ? *", "0 0 * * *"),
        ("@weekly", "0 0 ? * 1 *", "0 0 * * 0"),
        ("@monthly", "0 0 1 * ? *", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 ? *", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 ? *", "0 0 1 1 *"),
    ],
)
def test_translations(text: str, eventbridge: str, argo: str) -> None:
    parsed = cron.parse(text)
    assert parsed.text == text
    assert cron.to_eventbridge(parsed) == eventbridge
    assert cron.to_argo(parsed) == argo


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("0 2 * * mon-fri", "0 2 * * MON-FRI"),
        ("005 00 01 jan *", "5 0 1 JAN *"),
        ("*/1 1-2/1 3-3/4 */02 *", "* 1-2 3 */2 *"),
        ("0 0 */1 * 0-6", "0 0 * * *"),
        ("@WEEKLY", "0 0 * * 0"),
    ],
)
def test_five_fields_in_one_form(text: str, fields: str) -> None:
    assert str(cron.parse(text)) == fields


NAMES = "minute, hour, day of the month, month, day of the week"
EXTENSION = "is an extension of Quartz that standard cron does not have"
SIX = "has 6 fields, as EventBridge or Quartz write it; standard cron has five"
SEVEN = "has 7 fields, as EventBridge or Quartz write it; standard cron has five"
END_OF_WEEK = "ends on Saturday or on Sunday: implementations of cron differ"
WRITTEN_FOR = "is written for EventBridge; the five fields alone are wanted"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 25 * * *", "the hour '25' is not between 0 and 23"),
        ("60 * * * *", "the minute '60' is not between 0 and 59"),
        ("0 0 0 * *", "the day of the month '0' is not between 1 and 31"),
        ("0 0 1-32 * *", "the day of the month '32' is not between 1 and 31"),
        ("0 0 * 13 *", "the month '13' is not between 1 and 12"),
        ("0 0 * * 8", "the day of the week '8' is not between 0 and 7"),
        ("0 0 * JUNE *", "the month 'JUNE' is no number and no name"),
        ("0 0 * * Funday", "the day of the week 'Funday' is no number and no name"),
        ("0 0 * * LUN", "the day of the week 'LUN' is no number and no name"),
        ("x 0 * * *", "the minute 'x' is no number"),
        ("0 JAN * * *", "the hour 'JAN' is no number"),
        ("0 17-9 * * *", "the hour '17-9' ends before it begins"),
        ("0 22-0 * * *", "the hour '22-0' ends before it begins"),
        ("0 0 * * FRI-MON", "the day of the week 'FRI-MON' ends before it begins"),
        ("0 0 * * MON-SUN", "the day of the week 'MON-SUN' ends before it begins; write 'MON-7'"),
        ("*/0 * * * *", "the step of the minute '*/0' is not a number above 0"),
        ("*/x * * * *", "the step of the minute '*/x' is not a number above 0"),
        ("0 0 * * FRI-", "the day of the week 'FRI-' cannot be read"),
        ("0,,5 0 * * *", "the minute '0,,5' cannot be read"),
        ("1-2-3 0 * * *", "the minute '1-2-3' cannot be read"),
        ("-5 0 * * *", "the minute '-5' cannot be read"),
        ("** 0 * * *", "the minute '**' cannot be read"),
        ("1.5 0 * * *", "the minute '1.5' cannot be read"),
        ("² 0 * * *", "the minute '²' cannot be read"),
        ("٣ 0 * * *", "the minute '٣' cannot be read"),
        ("*/² 0 * * *", "the minute '*/²' cannot be read"),
        ("0 0 * * ſUN", "the day of the week 'ſUN' cannot be read"),
        ("9" * 5000 + " 0 * * *", "the minute '" + "9" * 5000 + "' cannot be read"),
        ("0 0 * * 1/2", f"the day of the week '1/2' {END_OF_WEEK}; write '1-6/2' or '1-7/2'"),
        ("0 0 * * 1,MON/3", f"the day of the week 'MON/3' {END_OF_WEEK}; write 'MON-6/3' or 'MON-7/3'"),
        ("0 2 * *", f"'0 2 * *' has 4 fields, cron has five: {NAMES}"),
        ("5", f"'5' has 1 field, cron has five: {NAMES}"),
        ("", f"'' has 0 fields, cron has five: {NAMES}"),
        ("0 0 L * *", f"the day of the month 'L' {EXTENSION}"),
        ("0 0 LW * *", f"the day of the month 'LW' {EXTENSION}"),
        ("0 0 L-3 * *", f"the day of the month 'L-3' {EXTENSION}"),
        ("0 0 1,15W * *", f"the day of the month '1,15W' {EXTENSION}"),
        ("0 0 * * 5#2", f"the day of the week '5#2' {EXTENSION}"),
        ("0 0 * * friL", f"the day of the week 'friL' {EXTENSION}"),
        ("@reboot", "there is no '@reboot', but @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"),
        ("0 0 31 2 *", "'0 0 31 2 *' never comes: the month '2' has no day '31'"),
        ("0 0 31 APR,6 *", "'0 0 31 APR,6 *' never comes: the month 'APR,6' has no day '31'"),
        # what is written for EventBridge or Quartz, and how it is written in five fields
        ("0 2 ? * 1", "the day of the month is '?', which EventBridge and Quartz have; write '*'"),
        ("0 2 * * ? *", f"'0 2 * * ? *' {SIX}; write '0 2 * * *'"),
        ("0 2 ? * 2-6 *", f"'0 2 ? * 2-6 *' {SIX}; write '0 2 * * 1-5'"),
        ("0 0 2 * * ?", f"'0 0 2 * * ?' {SIX}; write '0 2 * * *'"),
        ("0 15 10 ? * MON", f"'0 15 10 ? * MON' {SIX}; write '15 10 * * 1'"),
        ("0 0 2 * * ? *", f"'0 0 2 * * ? *' {SEVEN}; write '0 2 * * *'"),
        ("0 0 L * ? *", f"'0 0 L * ? *' {SIX}; the day of the month 'L' cannot be said in five fields"),
        ("0 0 2 * * ? 2030", f"'0 0 2 * * ? 2030' {SEVEN}; the year '2030' cannot be said in five fields"),
        ("30 0 2 * * ?", f"'30 0 2 * * ?' {SIX}"),
        ("0 0 2 * * *", f"'0 0 2 * * *' {SIX}"),
        ("cron(0 2 * * ? *)", f"'cron(0 2 * * ? *)' {WRITTEN_FOR}; write '0 2 * * *'"),
        ("cron(0 2 * * *)", f"'cron(0 2 * * *)' {WRITTEN_FOR}; write '0 2 * * *'"),
        ("cron(0 25 * * *)", f"'cron(0 25 * * *)' {WRITTEN_FOR}"),
        ("rate(1 day)", f"'rate(1 day)' {WRITTEN_FOR}"),
    ],
)
def test_wrong_expressions(text: str, message: str) -> None:
    with pytest.raises(cron.CronError) as error:
        cron.parse(text)
    assert str(error.value) == message


BOTH = (
    "limits the day of the month and the day of the week, and EventBridge takes one of them; "
    "write two bindings, or let the flow decide"
)
DIFFER = (
    "limits the day of the month and of the week, one of them with '*/': implementations of cron differ on it; "
    "write the days as a list"
)


@pytest.mark.parametrize(
    ("text", "eventbridge", "argo"),
    [
        ("0 0 13 * 5", BOTH, "0 0 13 * 5"),
        ("0 0 1,15 * SUN", BOTH, "0 0 1,15 * 0"),
        ("0 0 5,*/10 * 6-7", BOTH, "0 0 5,*/10 * 0,6"),
        ("0 0 */2 * 5", DIFFER, DIFFER),
        ("0 0 */40 * 5", DIFFER, DIFFER),
        ("0 0 */2,5 * MON", DIFFER, DIFFER),
        ("0 0 13 * */2", DIFFER, DIFFER),
    ],
)
def test_two_limited_days(text: str, eventbridge: str, argo: str) -> None:
    parsed = cron.parse(text)
    with pytest.raises(cron.NotExpressible) as error:
        cron.to_eventbridge(parsed)
    assert str(error.value) == f"'{text}' {eventbridge}"
    if argo == DIFFER:
        with pytest.raises(cron.NotExpressible) as error:
            cron.to_argo(parsed)
        assert str(error.value) == f"'{text}' {argo}"
    else:
        assert cron.to_argo(parsed) == argo


def test_event_bridge_has_no_time_zone() -> None:
    daily = cron.parse("@daily")
    assert {cron.to_eventbridge(daily, timezone) for timezone in (None, "UTC", "Etc/UTC")} == {"0 0 * * ? *"}
    with pytest.raises(cron.NotExpressible) as error:
        cron.to_eventbridge(daily, "Europe/Zurich")
    assert str(error.value) == "EventBridge rules are in UTC and cannot be in 'Europe/Zurich'; write the hours in UTC"


def test_event_bridge_takes_no_more_than_256_characters() -> None:
    def listed(low: int, high: int, step: int) -> str:
        return ",".join(str(number) for number in range(low, high + 1) if (number - low) % 3 < step)

    all_of_them = f"{listed(0, 59, 3)} {listed(0, 23, 3)} * {','.join(MONTHS)} *"
    assert cron.to_eventbridge(cron.parse(all_of_them)) == "* * * * ? *"
    two_of_three = f"{listed(0, 59, 2)} {listed(0, 23, 2)} {listed(1, 31, 2)} {listed(1, 12, 2)} *"
    assert len(f"cron({cron.to_eventbridge(cron.parse(two_of_three))})") <= 256


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("0 0 * * ? *", "0 0 * * *"),
        ("0 * * * ? *", "0 * * * *"),
        ("0 0 ? * SUN *", "0 0 * * 0"),
        ("cron(0 0 ? * SUN *)", "0 0 * * 0"),
        ("0 0 ? * 1 *", "0 0 * * 0"),
        ("0 0 ? * 7 *", "0 0 * * 6"),
        ("0 0 ? * 2-6 *", "0 0 * * 1-5"),
        ("0 0 ? * mon-fri *", "0 0 * * 1-5"),
        ("0 0 ? * SUN-TUE,SAT *", "0 0 * * 0-2,6"),
        ("0 0 ? * 2/2 *", "0 0 * * 1,3,5"),
        ("0 0 ? * */2 *", "0 0 * * 0,2,4,6"),
        ("0 0 ? * 1-7 *", "0 0 * * *"),
        ("0 0 ? * * *", "0 0 * * *"),
        ("0/15 8-18 * * ? *", "0/15 8-18 * * *"),
        ("0 0 1,15 JAN ? *", "0 0 1,15 JAN *"),
        ("0 0 1/5 * ? *", "0 0 1/5 * *"),
    ],
)
def test_reading_event_bridge(text: str, fields: str) -> None:
    found = cron.from_eventbridge(text)
    assert str(found) == fields
    assert found.text == text


ONE_QUESTION_MARK = "has to have '?' as the day of the month or as the day of the week, for EventBridge"


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("0 0 L * ? *", cron.NotExpressible, "the day of the month 'L' cannot be said in five fields"),
        ("0 0 15W * ? *", cron.NotExpressible, "the day of the month '15W' cannot be said in five fields"),
        ("0 0 ? * 6L *", cron.NotExpressible, "the day of the week '6L' cannot be said in five fields"),
        ("0 0 ? * 2#1 *", cron.NotExpressible, "the day of the week '2#1' cannot be said in five fields"),
        ("0 0 * * ? 2030", cron.NotExpressible, "the year '2030' cannot be said in five fields"),
        ("0 0 * * ? 2030-2035", cron.NotExpressible, "the year '2030-2035' cannot be said in five fields"),
        ("0 0 * * ? x", cron.CronError, "the year 'x' cannot be read"),
        ("0 0 ? * 0 *", cron.CronError, "the day of the week '0' is not between 1 and 7"),
        ("0 0 ? * 8 *", cron.CronError, "the day of the week '8' is not between 1 and 7"),
        ("0 24 * * ? *", cron.CronError, "the hour '24' is not between 0 and 23"),
        ("0 0 ?/2 * ? *", cron.CronError, "the day of the month is '?', which EventBridge and Quartz have; write '*'"),
        ("0 0 * * * *", cron.CronError, f"'0 0 * * * *' {ONE_QUESTION_MARK}"),
        ("0 0 ? * ? *", cron.CronError, f"'0 0 ? * ? *' {ONE_QUESTION_MARK}"),
        ("0 0 * * *", cron.CronError, f"'0 0 * * *' has 5 fields, EventBridge has six: {NAMES}, year"),
    ],
)
def test_what_cannot_be_read_of_event_bridge(text: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as error:
        cron.from_eventbridge(text)
    assert type(error.value) is kind
    assert str(error.value) == message


@pytest.mark.parametrize("weekly", [True, False])
@pytest.mark.parametrize("hourly", [True, False])
@pytest.mark.parametrize("daily", [True, False])
def test_the_flags_of_schedule_mean_what_metaflow_makes_of_them(weekly: bool, hourly: bool, daily: bool) -> None:
    from metaflow.plugins.aws.step_functions.schedule_decorator import ScheduleDecorator

    flags = {"weekly": weekly, "hourly": hourly, "daily": daily}
    decorator = ScheduleDecorator(attributes=flags, statically_defined=True)
    decorator.flow_init(None, None, None, None, None, None, None, None)
    found = cron.from_metaflow(flags)
    if decorator.schedule is None:
        assert found is None
    else:
        assert found is not None
        assert str(found) == str(cron.from_eventbridge(decorator.schedule))


@pytest.mark.parametrize(
    ("attributes", "fields"),
    [
        ({}, "0 0 * * *"),
        ({"cron": None, "timezone": "Europe/Zurich"}, "0 0 * * *"),
        ({"cron": "0 2 * * MON", "weekly": True}, "0 2 * * MON"),
        ({"cron": "0 2 ? * 2 *"}, "0 2 * * 1"),
        ({"cron": "cron(0 2 ? * 2 *)"}, "0 2 * * 1"),
        ({"cron": "@hourly"}, "0 * * * *"),
    ],
)
def test_schedules_of_a_flows_code(attributes: dict[str, object], fields: str) -> None:
    assert str(cron.from_metaflow(attributes)) == fields


def test_settings_are_in_five_fields_only() -> None:
    with pytest.raises(cron.CronError, match="write '0 2 \\* \\* 1'"):
        cron.of_schedule({"cron": "0 2 ? * 2 *"})
    assert str(cron.of_schedule({"weekly": True, "hourly": True})) == "0 0 * * 0"
    assert cron.of_schedule({"daily": False}) is None


@pytest.mark.parametrize(
    ("attributes", "step_functions", "argo"),
    [
        ({"cron": "0 2 * * MON"}, "0 2 ? * 2 *", "0 2 * * 1"),
        ({"cron": "0 2 ? * 2-6 *"}, "0 2 ? * 2-6 *", "0 2 * * 1-5"),
        ({"hourly": True}, "0 * * * ? *", "0 * * * *"),
        ({"weekly": True, "hourly": True}, "0 0 ? * 1 *", "0 0 * * 0"),
        ({}, "0 0 * * ? *", "0 0 * * *"),
        ({"daily": True}, "0 0 * * ? *", "0 0 * * *"),
    ],
)
def test_schedules_for_orchestrators(attributes: dict[str, object], step_functions: str, argo: str) -> None:
    flags = {"daily": False, "weekly": False, "hourly": False}
    in_utc, in_zurich = {**attributes, "timezone": "UTC"}, {**attributes, "timezone": "Europe/Zurich"}
    found = cron.for_orchestrator(in_utc, "step-functions")
    assert found == {"cron": step_functions, **flags, "timezone": None}
    found = cron.for_orchestrator(in_zurich, "argo-workflows")
    assert found == {"cron": argo, **flags, "timezone": "Europe/Zurich"}
    with pytest.raises(cron.NotExpressible, match="EventBridge rules are in UTC"):
        cron.for_orchestrator(in_zurich, "step-functions")


def test_what_only_event_bridge_can_say_goes_to_event_bridge_only() -> None:
    last_friday = {"cron": "0 2 ? * 6L *"}
    assert cron.for_orchestrator(last_friday, "step-functions")["cron"] == "0 2 ? * 6L *"
    with pytest.raises(cron.NotExpressible, match="'6L' cannot be said in five fields"):
        cron.for_orchestrator(last_friday, "argo-workflows")
    for orchestrator in ("step-functions", "argo-workflows"):
        assert cron.for_orchestrator({"daily": False}, orchestrator) == {"daily": False}


ZURICH = "Europe/Zurich"


def times(text: str, start: str, count: int, timezone: str | None = None) -> list[str]:
    found = cron.next_times(cron.parse(text), datetime.datetime.fromisoformat(start), count, timezone)
    return [moment.isoformat(timespec="minutes") for moment in found]


@pytest.mark.parametrize(
    ("text", "start", "timezone", "wanted"),
    [
        ("0 9 * * *", "2026-03-28T12:00+00:00", ZURICH, ["2026-03-29T09:00+02:00", "2026-03-30T09:00+02:00"]),
        ("0 9 * * *", "2026-03-28T09:00+00:00", None, ["2026-03-29T09:00+00:00", "2026-03-30T09:00+00:00"]),
        ("0 9 * * *", "2026-03-28T10:59:59+02:00", None, ["2026-03-28T09:00+00:00", "2026-03-29T09:00+00:00"]),
        ("0 0 29 2 *", "2026-01-01T00:00+00:00", None, ["2028-02-29T00:00+00:00", "2032-02-29T00:00+00:00"]),
        # skipped hour: at once after it, and once
        ("0,30 2 * * *", "2026-03-29T00:00+00:00", ZURICH, ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
        ("0 2,3 * * *", "2026-03-29T00:00+00:00", ZURICH, ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
        # hour that comes twice: the first time, and never before the start
        ("45 2 * * *", "2026-10-25T00:30+00:00", ZURICH, ["2026-10-25T02:45+02:00", "2026-10-26T02:45+01:00"]),
        ("45 2 * * *", "2026-10-25T01:30+00:00", ZURICH, ["2026-10-26T02:45+01:00", "2026-10-27T02:45+01:00"]),
    ],
)
def test_next_times(text: str, start: str, timezone: str | None, wanted: list[str]) -> None:
    assert times(text, start, 2, timezone) == wanted


def test_next_times_are_after_a_start_in_the_same_zone() -> None:
    start = datetime.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo(ZURICH))
    found = cron.next_times(cron.parse("45 2 * * *"), start, 1, ZURICH)
    assert found[0].isoformat() == "2026-10-26T02:45:00+01:00"


def test_next_times_are_as_many_as_wanted() -> None:
    assert times("@daily", "2026-01-01T00:00+00:00", 0) == []
    assert len(times("@daily", "2026-01-01T00:00+00:00", 400)) == 400
    with pytest.raises(ValueError, match="the start has no time zone"):
        times("@daily", "2026-01-01T00:00", 1)


@pytest.mark.parametrize("name", ["Europe/Zuerich", "", "Europe", "/etc/passwd", "../UTC", 5, True])
def test_no_such_time_zone(name: str) -> None:
    with pytest.raises(cron.CronError) as error:
        cron.next_times(cron.parse("@daily"), datetime.datetime.now(UTC), 1, name)
    assert str(error.value) == f"there is no time zone '{name}'"


def test_the_library_is_loaded_late() -> None:
    code = "import sys, metaflow_extensions.mkflow.compose.cron; print({'cronsim', 'zoneinfo'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout == "set()\n"


# Evaluators of the three ways to write an expression, each from its manual, with nothing of what they test.

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
YEAR = [datetime.date(2028, 1, 1) + datetime.timedelta(days=number) for number in range(366)]


class Fires(NamedTuple):
    days: list[datetime.date]
    moments: set[tuple[int, int]]


def expand(field: str, low: int, high: int, names: tuple[str, ...] = (), first_name: int = 0) -> set[int]:
    def number(word: str) -> int:
        return names.index(word.upper()) + first_name if word.upper() in names else int(word)

    found: set[int] = set()
    for item in field.split(","):
        span, slash, step = item.partition("/")
        if span == "*":
            first, last = low, high
        else:
            one, dash, two = span.partition("-")
            first, last = number(one), number(two) if dash else high if slash else number(one)
        assert low <= first <= last <= high, field
        found |= {n for n in range(low, high + 1) if first <= n <= last and (n - first) % int(step or 1) == 0}
    return found


def evaluate(minute: str, hour: str, month: str, fits: Callable[[datetime.date], bool]) -> Fires:
    months = expand(month, 1, 12, MONTHS, 1)
    moments = set(itertools.product(expand(hour, 0, 23), expand(minute, 0, 59)))
    days = [day for day in YEAR if day.month in months and fits(day)]
    return Fires(days, moments if days else set())


def by_debian(text: str) -> Fires:
    """crontab(5): Sunday is 0 or 7; either day of two limited ones, both if one field begins with a star."""
    minute, hour, day, month, weekday = text.split()
    days, weekdays = expand(day, 1, 31), {number % 7 for number in expand(weekday, 0, 7, DAYS)}
    join = all if "*" in (day[0], weekday[0]) else any
    return evaluate(minute, hour, month, lambda date: join((date.day in days, date.isoweekday() % 7 in weekdays)))


def by_eventbridge(text: str) -> Fires:
    """Sunday is 1; one of the days is a question mark, which does not count."""
    minute, hour, day, month, weekday, year = text.split()
    assert year == "*"
    if weekday == "?":
        days = expand(day, 1, 31)
        return evaluate(minute, hour, month, lambda date: date.day in days)
    assert day == "?"
    weekdays = expand(weekday, 1, 7, DAYS, 1)
    return evaluate(minute, hour, month, lambda date: date.isoweekday() % 7 + 1 in weekdays)


def by_robfig(text: str) -> Fires:
    """Sunday is 0; either day of two limited ones, both if there is a star without a step above 1 in one of them."""
    minute, hour, day, month, weekday = text.split()
    days, weekdays = expand(day, 1, 31), expand(weekday, 0, 6, DAYS)
    stars = {"*", "*/1"} & {*day.split(","), *weekday.split(",")}
    join = all if stars else any
    return evaluate(minute, hour, month, lambda date: join((date.day in days, date.isoweekday() % 7 in weekdays)))


def by_next_times(parsed: cron.Cron) -> Fires:
    """The first time of each day of the year, and all times of the first of these days."""
    days: list[datetime.date] = []
    moments: set[tuple[int, int]] = set()
    at = datetime.datetime(2027, 12, 31, 23, 59, tzinfo=UTC)
    while (found := cron.next_times(parsed, at, 1)[0]).year == 2028:
        if not days:
            of_day = (moment for moment in cron.next_times(parsed, at, 1440) if moment.date() == found.date())
            moments = {(moment.hour, moment.minute) for moment in of_day}
        days.append(found.date())
        at = found.replace(hour=23, minute=59)
    return Fires(days, moments)


def items(low: int, high: int, names: tuple[str, ...] = (), first_name: int = 0) -> st.SearchStrategy[str]:
    def spelled(number: int) -> st.SearchStrategy[str]:
        ways = [str(number), f"{number:02}"]
        if first_name <= number < first_name + len(names):
            name = names[number - first_name]
            ways += [name, name.lower()]
        return st.sampled_from(ways)

    numbers = st.integers(low, high)
    ends = st.tuples(numbers, numbers).map(sorted)
    spans = ends.flatmap(lambda pair: st.tuples(*map(spelled, pair)).map("-".join))
    steps = st.integers(1, high + 3).map(lambda step: f"/{step}")
    starts = st.one_of(st.just("*"), numbers.flatmap(spelled), spans)
    return st.one_of(numbers.flatmap(spelled), spans, st.tuples(starts, steps).map("".join), st.just("*"))


def fields(low: int, high: int, names: tuple[str, ...] = (), first_name: int = 0) -> st.SearchStrategy[str]:
    return st.lists(items(low, high, names, first_name), min_size=1, max_size=3).map(",".join)


def often(word: str, other: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.integers(0, 2).flatmap(lambda number: other if number else st.just(word))


TIMES = (fields(0, 59), fields(0, 23))
SOME_MONTHS = often("*", fields(1, 12, MONTHS, 1))
STANDARD = st.tuples(
    *TIMES,
    often("*", fields(1, 31)),
    SOME_MONTHS,
    often("*", fields(0, 7, DAYS)),
).map(" ".join)
EVENTBRIDGE = st.one_of(
    st.tuples(*TIMES, fields(1, 31), SOME_MONTHS, st.just("?"), st.just("*")),
    st.tuples(*TIMES, st.just("?"), SOME_MONTHS, fields(1, 7, DAYS, 1), st.just("*")),
).map(" ".join)


def parsed_or_refused(text: str) -> cron.Cron | None:
    """None for an expression that never comes or is unclear, and for nothing else."""
    try:
        return cron.parse(text)
    except cron.CronError as error:
        if "never comes" in str(error):
            assert by_debian(text).days == []
        else:
            assert END_OF_WEEK in str(error)
        return None


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STANDARD)
def test_next_times_of_a_year(text: str) -> None:
    parsed = parsed_or_refused(text)
    assert parsed is None or by_next_times(parsed) == by_debian(text)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(STANDARD)
def test_a_translation_fires_as_often_in_a_year_as_what_it_was_made_of(text: str) -> None:
    parsed = parsed_or_refused(text)
    if parsed is None:
        return
    wanted = by_debian(text)
    assert by_debian(str(parsed)) == wanted
    assert cron.parse(str(parsed)).fields == parsed.fields
    try:
        argo = cron.to_argo(parsed)
    except cron.NotExpressible:
        days = {parsed.fields[2], parsed.fields[4]}
        assert "*" not in days
        assert any(field.startswith("*") for field in days)
        return
    assert by_robfig(argo) == wanted
    try:
        eventbridge = cron.to_eventbridge(parsed)
    except cron.NotExpressible:
        assert "*" not in (parsed.fields[2], parsed.fields[4])
        return
    assert by_eventbridge(eventbridge) == wanted
    assert by_debian(str(cron.from_eventbridge(eventbridge))) == wanted


@settings(max_examples=150, deadline=None, derandomize=True)
@given(EVENTBRIDGE)
def test_six_fields_fire_as_often_as_the_five_that_they_become(text: str) -> None:
    try:
        parsed = cron.from_eventbridge(text)
    except cron.CronError as error:
        assert "never comes" in str(error)
        assert by_eventbridge(text).days == []
        return
    assert by_debian(str(parsed)) == by_eventbridge(text)
