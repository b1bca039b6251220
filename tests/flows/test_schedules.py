"""Schedules and graphs as a user sees them, and what Metaflow compiles of them for both orchestrators."""

from __future__ import annotations

import json
import pathlib
import textwrap
import xml.etree.ElementTree as ElementTree

import metaflow
import pytest

from .project import FLOW, Project

START = "2026-11-20T10:00"


@pytest.fixture
def scheduled(tmp_path: pathlib.Path) -> Project:
    project = Project(tmp_path)
    project.write("settings/settings.flow@prod.yaml", 'schedule: {cron: "0 2 * * MON-FRI"}\n')
    project.write("settings/settings.flow.EXP_02@prod.yaml", 'schedule: {cron: "*/30 8-18 * * *", timezone: Europe/Zurich}\n')
    project.write("settings/settings.flow.yaml", """
        steps:
          start: {resources: {cpu: 7, memory: 12000}}
          end: {environment: {vars: {FROM_YAML: "yes"}}, retry: {times: 3}}
    """)
    return project


def test_schedule_lists_next_times(scheduled: Project) -> None:
    done = scheduled.mkflow("schedule", "-p", "prod", "--from", START)
    assert done.stdout == textwrap.dedent("""\
        INSTANCE              CRON             TIME ZONE      WHEN DEPLOYED  NEXT
        training/EXP_01@prod  0 2 * * MON-FRI  UTC            yes            Mon 23 Nov 02:00  Tue 24 Nov 02:00
        training/EXP_02@prod  */30 8-18 * * *  Europe/Zurich  yes            Fri 20 Nov 11:30  Fri 20 Nov 12:00
    """)
    found = json.loads(scheduled.mkflow("schedule", "training/EXP_02@prod", "--from", START, "--format", "json").stdout)
    assert found["instances"][0]["next"] == ["2026-11-20T11:30:00+01:00", "2026-11-20T12:00:00+01:00"]
    assert "not scheduled: 2 instances" in scheduled.mkflow("schedule").stderr


def test_schedule_draws_the_week(scheduled: Project) -> None:
    lines = scheduled.mkflow("schedule", "--week", "--from", START).stdout.splitlines()
    assert lines[0].split() == ["Fri", "20", "Nov", "Sat", "21", "Nov", "Sun", "22", "Nov", "Mon", "23", "Nov", "Tue", "24", "Nov", "Wed", "25", "Nov", "Thu", "26", "Nov"]
    day = ".1.........."
    assert lines[2] == f"training/EXP_01@prod  {day} ............ ............ {day} {day} {day} {day}"
    assert lines[3] == "training/EXP_02@prod  " + " ".join(["...244444..."] * 7)


def test_the_schedule_of_the_code_counts(scheduled: Project) -> None:
    flow = FLOW.replace("class Training", "@schedule(hourly=True)\nclass Training").replace("resources, step", "resources, schedule, step")
    scheduled.write("flows/training.py", flow)
    found = json.loads(scheduled.mkflow("schedule", "--format", "json").stdout)["instances"]
    assert {entry["label"]: entry["cron"] for entry in found} == {
        "training/EXP_01@dev": "0 * * * *", "training/EXP_02@dev": "0 * * * *",
        "training/EXP_01@prod": "0 2 * * MON-FRI", "training/EXP_02@prod": "*/30 8-18 * * *",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("schedule", "orchestrator", "message", "place"),
    [
        ('{cron: "0 25 * * *"}', "", "the hour '25' is not between 0 and 23", "1:18"),
        ('{cron: "0 2 * * ? *"}', "", "'0 2 * * ? *' has 6 fields, as EventBridge or Quartz write it; standard cron has five", "1:18"),
        ('{cron: "0 0 13 * 5"}', "step-functions", "and EventBridge takes one of them", "1:18"),
        ('{cron: "0 2 * * *", timezone: Europe/Zurich}', "step-functions", "EventBridge rules are in UTC", "1:41"),
        ('{cron: "0 2 * * *", timezone: Europe/Zuerich}', "argo-workflows", "there is no time zone 'Europe/Zuerich'", "1:41"),
        ('{cron: "0 0 */2 * 5"}', "argo-workflows", "implementations of cron differ on it", "1:18"),
    ],
)  # fmt: skip
def test_check_knows_what_an_orchestrator_can_say(
    scheduled: Project, schedule: str, orchestrator: str, message: str, place: str
) -> None:
    deployed = f", orchestrator: {orchestrator}" if orchestrator else ""
    scheduled.write("mkflow.yaml", f"""
        project: demo
        default_profile: dev
        flows: {{training: {{bindings: "EXP_01"}}}}
        profiles: {{dev: {{}}, prod: {{production: true{deployed}}}}}
    """)
    scheduled.write("settings/settings.flow@prod.yaml", f"schedule: {schedule}\n")
    done = scheduled.mkflow("check", "-p", "prod", code=3)
    assert message in done.stderr
    assert f"in  settings/settings.flow@prod.yaml:{place}" in done.stderr


def test_graph_in_every_form(scheduled: Project) -> None:
    text = scheduled.mkflow("graph", "training/EXP_01@prod").stdout
    assert text == textwrap.dedent("""\
        Training
          @schedule(cron="0 2 * * MON-FRI")
        start  -> end
            @resources(cpu=7, memory=12000)
            @environment(vars={"FROM_SETTINGS": "007", "dashed-key": "x"})
        end
            @environment(vars={"FROM_YAML": "yes"})
            @retry(times=3)
    """)
    mermaid = scheduled.mkflow("graph", "training/EXP_01", "--format", "mermaid").stdout
    assert mermaid.splitlines()[0] == "flowchart TD"
    assert mermaid.splitlines()[-1] == "    step_start --> step_end"
    assert '"start" -> "end";' in scheduled.mkflow("graph", "training/EXP_01", "--format", "dot").stdout
    drawing = ElementTree.fromstring(scheduled.mkflow("graph", "training/EXP_01", "--format", "svg").stdout)
    texts = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:2] == ["start", "@resources(cpu=7, memory=12000)"]
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}rect"))) == 2


def test_step_functions_gets_resources_environment_and_retries(scheduled: Project, aws: dict[str, str]) -> None:
    scheduled.write("settings/settings.flow.EXP_01@prod.yaml", "steps: {start: {batch: {image: python:3.12}}}\n")
    env = {**aws, "MKFLOW_BINDING": "EXP_01", "MKFLOW_PROFILE": "prod"}
    definition = json.loads(scheduled.flow("step-functions", "create", "--only-json", **env).stdout)
    start, end = (definition["States"][name]["Parameters"] for name in ("start", "end"))
    needs = {entry["Type"]: entry["Value"] for entry in start["ContainerOverrides"]["ResourceRequirements"]}
    assert needs == {"VCPU": "7", "MEMORY": "12000"}
    assert {entry["Name"]: entry.get("Value") for entry in end["ContainerOverrides"]["Environment"]}["FROM_YAML"] == "yes"
    assert end["RetryStrategy"]["Attempts"] == 4


def test_event_bridge_gets_six_fields(scheduled: Project, aws: dict[str, str]) -> None:
    env = {**aws, "MKFLOW_BINDING": "EXP_01", "MKFLOW_PROFILE": "prod"}
    scheduled.flow("step-functions", "create", **env)
    rules = scheduled.python("""
        import boto3, json
        print(json.dumps([rule["ScheduleExpression"] for rule in boto3.client("events").list_rules()["Rules"]]))
    """, **aws)
    assert rules == ["cron(0 2 ? * 2-6 *)"]


OFFLINE = pytest.mark.skipif(
    tuple(map(int, metaflow.__version__.split("+")[0].split(".")[:3])) < (2, 19, 17), reason="argo-workflows create --only-json asks a cluster"
)


@OFFLINE
def test_argo_gets_resources_environment_and_image(scheduled: Project, aws: dict[str, str]) -> None:
    scheduled.write("settings/settings.flow.EXP_01@prod.yaml", "steps: {start: {kubernetes: {image: 'registry/train:3'}}}\n")
    env = {**aws, "MKFLOW_BINDING": "EXP_01", "MKFLOW_PROFILE": "prod"}
    template = json.loads(scheduled.flow("argo-workflows", "create", "--only-json", **env).stdout)
    containers = {entry["name"]: entry["container"] for entry in template["spec"]["templates"] if "container" in entry}
    assert containers["start"]["image"] == "registry/train:3"
    assert containers["start"]["resources"]["requests"]["cpu"] in ("7", "7.0")
    assert {entry["name"]: entry.get("value") for entry in containers["end"]["env"]}["FROM_YAML"] == "yes"


@OFFLINE
def test_a_deployment_takes_no_local_file(scheduled: Project, aws: dict[str, str]) -> None:
    scheduled.write("settings/settings.configuration.local.yaml", "model: {depth: 1000}\n")
    scheduled.flow("package", "save", "run.tgz", MKFLOW_BINDING="EXP_01")
    assert scheduled.latest_settings_of("run.tgz")["configuration"]["model"]["depth"] == 1000
    template = scheduled.flow("argo-workflows", "create", "--only-json", MKFLOW_BINDING="EXP_01", **aws).stdout
    assert '"1000"' not in template


def test_deployer_deploys_an_instance(scheduled: Project, aws: dict[str, str]) -> None:
    found = scheduled.python("""
        import json
        from metaflow import Deployer
        deployed = Deployer("flows/training.py", env={"MKFLOW_BINDING": "EXP_02"}, show_output=False).step_functions().create()
        print(json.dumps([deployed.name, deployed.flow_name]))
    """, **aws)
    assert found == ["Training", "Training"]


def test_six_fields_in_the_code_are_understood(scheduled: Project) -> None:
    """Flows that were written for EventBridge have its form in their code."""
    flow = FLOW.replace("class Training", '@schedule(cron="0 0 ? * 2 *")\nclass Training').replace("resources, step", "resources, schedule, step")
    scheduled.write("flows/training.py", flow)
    found = json.loads(scheduled.mkflow("schedule", "-p", "dev", "--format", "json").stdout)["instances"]
    assert {entry["cron"] for entry in found} == {"0 0 * * 1"}
