"""The `flow` section on real runs: decorators, parameters, order, refusals."""

from __future__ import annotations

import json
import pathlib

import pytest

from .project import Project

FLOW = """
import os
import time
from metaflow import ComposeSettings, FlowSpec, JSONType, Parameter, card, current, environment, resources, retry, step


class Training(FlowSpec, ComposeSettings):
    alpha = Parameter("alpha", type=float, default=0.5)
    rounds = Parameter("rounds", type=int, required=True)
    options = Parameter("options", type=JSONType, default="{}")
    dry = Parameter("dry", default=False)
    later = Parameter("later", default=lambda context: "deploy time")

    @environment(vars={"FROM_CODE": "code", "BOTH": "code"})
    @resources(cpu=2, memory=9000)
    @step
    def start(self):
        self.seen = {name: os.environ.get(name) for name in ("FROM_CODE", "FROM_SETTINGS", "BOTH")}
        self.attempts = current.retry_count
        if self.settings.configuration.fail_first and current.retry_count == 0:
            raise RuntimeError("the first attempt fails")
        self.next(self.train_one, self.train_two)

    @step
    def train_one(self):
        time.sleep(self.settings.configuration.sleep)
        self.next(self.join)

    @step
    def train_two(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.caught = str(getattr(inputs.train_one, "problem", None))
        self.seen, self.attempts = inputs.train_two.seen, inputs.train_two.attempts
        self.next(self.end)

    @step
    def end(self):
        print("parameters", self.alpha, self.rounds, self.options, self.dry, self.later)


if __name__ == "__main__":
    Training()
"""

FILES = {
    "flows/training.py": FLOW,
    "settings/settings.configuration.yaml": "fail_first: false\nsleep: 0\n",
    "settings/settings.flow.yaml": """
        schedule: {cron: "0 2 * * *"}
        steps:
          "*": {retry: {times: 1, minutes_between_retries: 0}}
          "train_*": {environment: {vars: {GLOB: "1"}}}
          start: {resources: {cpu: 7}, environment: {vars: {FROM_SETTINGS: "settings", BOTH: "settings"}}}
        parameters: {alpha: 0.25, rounds: 3, options: {depth: [1, 2]}, dry: true, later: now}
    """,
    "settings/settings.flow.EXP_01.yaml": "steps: {train_two: {retry: null}, end: {card: [{type: default}, {type: blank, id: second}]}}\n",
    "settings/settings.flow@prod.yaml": "steps: {start: {resources: {memory: 64000}}}\n",
    "settings/settings.configuration.EXP_01.yaml": "{}\n",
    "settings/settings.configuration.EXP_02.yaml": "fail_first: true\nsleep: 30\n",
    "settings/settings.flow.EXP_02.yaml": """
        schedule: null
        steps:
          train_one: {timeout: {seconds: 1}, catch: {var: problem}, retry: null}
          end: {card: {type: blank}}
    """,
    "settings/settings.configuration@prod.yaml": "{}\n",
    "mkflow.yaml": """
        project: demo
        default_profile: dev
        flows: {training: {bindings: "EXP_*"}}
        profiles: {dev: {}, prod: {production: true}}
    """,
}


@pytest.fixture
def shaped(tmp_path: pathlib.Path) -> Project:
    return Project(tmp_path, FILES)


def decorators(project: Project, selector: str) -> dict[str, dict[str, dict[str, object]]]:
    """Step to decorator to attributes, as `mkflow graph` reads them from Metaflow's graph."""
    graph = json.loads(project.mkflow("graph", selector, "--format", "json").stdout)
    steps = {step["name"]: {deco["name"]: deco["attributes"] for deco in step["decorators"]} for step in graph["steps"]}
    return {**steps, "flow": {deco["name"]: deco["attributes"] for deco in graph["decorators"]}}


def test_a_run_has_what_the_settings_say(shaped: Project) -> None:
    shaped.mkflow("run", "-b", "EXP_01")
    seen = shaped.latest("run['start'].task.data.seen")
    assert seen == {"FROM_CODE": "code", "FROM_SETTINGS": "settings", "BOTH": "settings"}
    values = shaped.latest("[run.data.alpha, run.data.rounds, run.data.options, run.data.dry, run.data.later]")
    assert values == [0.25, 3, {"depth": [1, 2]}, True, "now"]
    cards = shaped.python("""
        import json
        from metaflow import Flow, namespace
        from metaflow.cards import get_cards
        namespace(None)
        print(json.dumps(sorted(card.type for card in get_cards(Flow("Training").latest_run["end"].task))))
    """)
    assert cards == ["blank", "default"]


def test_the_command_line_wins_over_a_parameter(shaped: Project) -> None:
    shaped.mkflow("run", "-b", "EXP_01", "--", "--alpha", "9")
    assert shaped.latest("run.data.alpha") == 9


def test_retry_retries_timeout_fires_and_catch_catches(shaped: Project) -> None:
    shaped.mkflow("run", "-b", "EXP_02")
    assert shaped.latest("run['start'].task.data.attempts") == 1
    assert "timed out" in shaped.latest("run['join'].task.data.caught")
    assert shaped.latest("run['train_one'].task.current_attempt") == 0


def test_attributes_are_merged_over_the_code(shaped: Project) -> None:
    found = decorators(shaped, "training/EXP_01")
    assert found["start"]["resources"] == {"cpu": 7, "memory": 9000}
    assert found["train_one"]["environment"] == {"vars": {"GLOB": "1"}}
    assert found["train_one"]["retry"] == {"times": 1, "minutes_between_retries": 0}
    assert "retry" not in found["train_two"]
    assert found["flow"] == {"schedule": {"cron": "0 2 * * *"}}


def test_a_profile_and_a_binding_change_the_shape(shaped: Project) -> None:
    assert decorators(shaped, "training/EXP_01@prod")["start"]["resources"] == {"cpu": 7, "memory": 64000}
    assert decorators(shaped, "training/EXP_02")["flow"] == {}


def test_what_is_for_one_flow_only(shaped: Project) -> None:
    shaped.write("settings/settings.flow.yaml", """
        steps: {"*": {retry: {times: 1}}}
        parameters: {rounds: 1}
        flows: {training: {steps: {"*": {retry: {times: 4}}}}, other: {schedule: {daily: true}}}
    """)
    shaped.write("settings/settings.flow@prod.yaml", "{}\n")
    shaped.write("settings/settings.flow.EXP_01.yaml", "{}\n")
    shaped.write("flows/other.py", FLOW.replace("Training", "Other"))
    shaped.write("mkflow.yaml", "project: demo\nflows: {training: {bindings: EXP_01}, other: {bindings: EXP_01}}\n")
    assert decorators(shaped, "training/EXP_01")["end"]["retry"] == {"times": 4}
    assert decorators(shaped, "other/EXP_01")["flow"] == {"schedule": {}}
    assert json.loads(shaped.mkflow("show", "training", "--format", "json").stdout)["settings"]["flow"] == {
        "steps": {"*": {"retry": {"times": 4}}}, "parameters": {"rounds": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "step", "wanted"),
    [
        pytest.param(["--with", "retry:times=2,minutes_between_retries=0"], "end", {"retry": {"times": "2"}}, id="over settings"),
        pytest.param(["--with", "resources:cpu=5"], "start", {"resources": {"cpu": "7", "memory": "9000"}}, id="the code has it"),
        pytest.param(["--with", "resources:cpu=5"], "end", {"resources": {"cpu": "5"}}, id="nobody has it"),
    ],
)
def test_with_wins_over_settings(shaped: Project, words: list[str], step: str, wanted: dict[str, dict[str, str]]) -> None:
    """`--with` as Metaflow has it: it does not reach a decorator that the code has."""
    shaped.mkflow("run", "-b", "EXP_01", "--", *words)
    found = shaped.latest(f"run['_parameters'].task['_graph_info'].data['steps'][{step!r}]['decorators']")
    by_name = {deco["name"]: deco["attributes"] for deco in found}
    for name, attributes in wanted.items():
        assert {key: str(by_name[name][key]) for key in attributes} == attributes


def test_null_takes_away_what_the_code_has_and_with_brings_it_back(shaped: Project) -> None:
    shaped.write("settings/settings.flow.EXP_01.yaml", "steps: {start: {resources: null}}\n")
    assert "resources" not in decorators(shaped, "training/EXP_01")["start"]
    shaped.mkflow("run", "-b", "EXP_01", "--", "--with", "resources:cpu=3")
    found = shaped.latest("run['_parameters'].task['_graph_info'].data['steps']['start']['decorators']")
    assert {deco["name"]: deco["attributes"]["cpu"] for deco in found if deco["name"] == "resources"} == {"resources": 3}


WRONG = """
schedul: {cron: "0 2 * * *"}
steps:
  strat: {retry: {times: 1}}
  start: {retry: {tmes: 1}, resorces: {cpu: 1}, resources: {cpu: many}, schedule: {}, card: 1, timeout: [{seconds: 1}]}
parameters: {rouns: 1, rounds: x, options: "{", alpha: 1, dry: 1}
"""
REFUSALS = [
    ("there is no flow decorator 'schedul'", "1:1", "schedule"),
    ("there is no step 'strat' in Training", "3:3", "start"),
    ("the decorator 'retry' has no attribute 'tmes'", "4:19", "times"),
    ("there is no step decorator 'resorces'", "4:29", "resources"),
    ("'cpu' of 'resources' is a number, not text", "4:66", ""),
    ("'schedule' is a decorator of flows, not of steps", "4:73", "schedule: ... beside `steps`"),
    ("'card' is a number, not a mapping of attributes", "4:93", "card: {attribute: value}, or card: null to take it away"),
    ("'timeout' may stand once only, and this is a list", "4:105", "timeout: {...}"),
    ("there is no parameter 'rouns' in Training", "5:14", "rounds"),
    ("the parameter 'rounds' is of type int, and the default is text", "5:32", ""),
    ("the parameter 'options' is of type JSON, and the default is text", "5:44", ""),
    ("the parameter 'dry' is of type bool, and the default is a number", "5:64", ""),
]


def test_check_reports_everything_with_its_place(shaped: Project) -> None:
    shaped.write("settings/settings.flow.yaml", WRONG)
    for name in ("EXP_01", "EXP_02"):
        shaped.write(f"settings/settings.flow.{name}.yaml", "{}\n")
    done = shaped.mkflow("check", "training/EXP_01@dev", "--format", "json", code=3)
    found = json.loads(done.stdout)["problems"]
    file = "settings/settings.flow.yaml"
    said = [(entry["summary"], f"{entry['origins'][0]['line']}:{entry['origins'][0]['column']}", entry["hint"]) for entry in found]
    assert {entry["origins"][0]["file"] for entry in found} == {file}
    assert said == REFUSALS
    assert shaped.mkflow("check", "training/EXP_01@dev", "--no-flows").stdout == "1 instance checked, nothing is wrong\n"


@pytest.mark.parametrize("door", ["mkflow run", "python flow.py run", "python flow.py --config"])
def test_every_door_refuses_with_the_place(shaped: Project, door: str) -> None:
    shaped.write("settings/settings.flow.EXP_01.yaml", "steps: {strat: {retry: {times: 1}}}\n")
    if door == "mkflow run":
        done = shaped.mkflow("run", "-b", "EXP_01", code=1)
    elif door == "python flow.py run":
        done = shaped.flow("run", MKFLOW_BINDING="EXP_01", code=1)
    else:
        compiled = shaped.mkflow("compile", "-b", "EXP_01").stdout.strip()
        done = shaped.flow("--config", "settings", compiled, "run", code=1)
    said = done.stderr
    assert "error: there is no step 'strat' in Training" in said
    assert "in  settings/settings.flow.EXP_01.yaml:1:9" in said
    assert "try start" in said
    assert "Traceback" not in said


def test_a_flow_that_does_not_load_or_end(shaped: Project) -> None:
    shaped.write("flows/broken.py", "from metaflow import FlowSpec\nimport no_such_module\n")
    shaped.write("mkflow.yaml", "project: demo\nflows: {training: {bindings: EXP_01}, broken: {bindings: none}}\n")
    done = shaped.mkflow("check", code=3)
    assert "error: the flow 'broken' does not load" in done.stderr
    assert "| ModuleNotFoundError: No module named 'no_such_module'" in done.stderr
    assert "  of  broken/default@prod" in done.stderr


def test_decorators_of_every_kind_are_known(shaped: Project) -> None:
    """Every decorator that Metaflow ships can stand in the section by its name."""
    known = shaped.python("""
        import json
        from metaflow_extensions.mkflow.compose.flow_probe import describe, load_flow
        shape = describe(load_flow("flows/training.py"))
        print(json.dumps([sorted(shape.step_decorators), sorted(shape.flow_decorators)]))
    """)
    assert {"resources", "batch", "kubernetes", "retry", "timeout", "catch", "environment", "card", "secrets", "pypi", "conda",
            "parallel"} <= set(known[0])  # fmt: skip
    assert {"schedule", "project", "trigger", "trigger_on_finish", "pypi_base", "conda_base", "exit_hook"} <= set(known[1])


def test_dependencies_of_settings_reach_the_flow(shaped: Project) -> None:
    shaped.write("settings/settings.flow.EXP_01.yaml", """
        pypi_base: {python: "3.11", packages: {colorama: 0.4.6}}
        steps: {end: {pypi: {packages: {six: 1.16.0}}}}
    """)
    found = decorators(shaped, "training/EXP_01")
    assert found["flow"]["pypi_base"] == {"python": "3.11", "packages": {"colorama": "0.4.6"}}
    assert found["end"]["pypi"] == {"packages": {"six": "1.16.0"}}
