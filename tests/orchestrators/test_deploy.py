"""Deployment to Step Functions on a server that the test starts: plan, deploy, converge, change, drift, destroy."""

from __future__ import annotations

import json
import pathlib
import random
import subprocess
import sys
import time

import pytest

from ..flows.project import Project


@pytest.fixture
def deployable(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> Project:
    """A project of its own name for each test: the server is shared."""
    project = Project(tmp_path)
    name = request.node.name.replace("_", "-")
    project.write("mkflow.yaml", f"""
        project: {name[:30]}
        default_profile: dev
        flows: {{training: {{bindings: "EXP_*"}}}}
        profiles:
          dev: {{orchestrator: step-functions}}
          prod: {{production: true, branches: [main], orchestrator: step-functions}}
    """)
    project.write("settings/settings.flow.yaml", 'schedule: {cron: "0 2 * * MON"}\n')
    return project


def actions(project: Project, aws: dict[str, str], *words: str) -> dict[str, str]:
    """Binding to action, as `mkflow plan` gives them."""
    found = json.loads(project.mkflow("plan", *words, "--format", "json", **aws).stdout)["changes"]
    return {entry["binding"]: entry["action"] for entry in found}


def commit(project: Project) -> None:
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=project.root, check=True)


def rules(project: Project, aws: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = project.python("""
        import boto3, json
        print(json.dumps({rule["Name"]: rule["State"] + " " + rule["ScheduleExpression"] for rule in boto3.client("events").list_rules()["Rules"]}))
    """, **aws)
    return found


def test_a_deployment_converges(deployable: Project, aws: dict[str, str]) -> None:
    assert actions(deployable, aws) == {"EXP_01": "create", "EXP_02": "create"}
    done = deployable.mkflow("deploy", **aws)
    assert "2 deployed" in done.stdout
    assert actions(deployable, aws) == {"EXP_01": "unchanged", "EXP_02": "unchanged"}
    assert deployable.mkflow("plan", "--exit-code", **aws).stdout == "= 2 instances unchanged\nnothing to do\n"
    assert "nothing to do" in deployable.mkflow("deploy", **aws).stdout


def test_one_change_deploys_one_instance(deployable: Project, aws: dict[str, str]) -> None:
    commit(deployable)
    deployable.mkflow("deploy", "-p", "dev", **aws)
    deployable.write("settings/settings.configuration.EXP_01.yaml", "model: {depth: 9}\n")
    found = json.loads(deployable.mkflow("plan", "-p", "dev", "--exit-code", "--format", "json", code=5, **aws).stdout)["changes"]
    assert [(entry["binding"], entry["action"], entry["reason"]) for entry in found] == [
        ("EXP_01", "update", "the settings differ"), ("EXP_02", "unchanged", ""),
    ]  # fmt: skip
    assert found[0]["differences"] == [
        {"path": "configuration.model.depth", "deployed": 8, "planned": 9,
         "origin": "settings/settings.configuration.EXP_01.yaml:1:16"},
        {"path": "configuration.model.name", "deployed": "EXP_01-8", "planned": "EXP_01-9",
         "origin": "settings/settings.configuration.yaml:1:45"},
    ]  # fmt: skip
    # Another person redeploys: mkflow knows the token from what is there.
    done = deployable.mkflow("deploy", "-p", "dev", **{**aws, "METAFLOW_USER": "somebody", "METAFLOW_HOME": str(deployable.root / "elsewhere")})
    assert "1 deployed" in done.stdout
    assert set(actions(deployable, aws, "-p", "dev").values()) == {"unchanged"}
    deployable.write("flows/training.py", (deployable.root / "flows/training.py").read_text() + "# more\n")
    assert "the code differs" in deployable.mkflow("plan", "-p", "dev", **aws).stdout


def test_production_is_scheduled_and_development_is_not(deployable: Project, aws: dict[str, str]) -> None:
    before = set(rules(deployable, aws))
    commit(deployable)
    deployable.mkflow("deploy", "-b", "EXP_01", "-p", "dev", **aws)
    assert set(rules(deployable, aws)) == before
    deployable.mkflow("deploy", "-b", "EXP_01", "-p", "prod", "--yes", **aws)
    found = rules(deployable, aws)
    (name,) = set(found) - before
    assert name.endswith("prod.EXP_01.training")
    assert found[name] == "ENABLED cron(0 2 ? * 2 *)"
    deployable.write("settings/settings.flow.EXP_01.yaml", "schedule: null\n")
    deployable.mkflow("deploy", "-b", "EXP_01", "-p", "prod", "--yes", "--allow-dirty", **aws)
    assert rules(deployable, aws)[name].startswith("DISABLED")


def test_guards_of_production(deployable: Project, aws: dict[str, str]) -> None:
    commit(deployable)
    assert "with --yes where there is no terminal" in deployable.mkflow("deploy", "-p", "prod", code=6, **aws).stderr
    deployable.write("settings/settings.configuration.EXP_01.yaml", "model: {depth: 9}\n")
    subprocess.run(["git", "switch", "-qc", "other"], cwd=deployable.root, check=True)
    done = deployable.mkflow("deploy", "-p", "prod", "--yes", code=6, **aws)
    assert "the working tree has changes" in done.stderr
    assert "'prod' is deployed from main, this is the branch 'other'" in done.stderr
    assert actions(deployable, aws, "-p", "prod") == {"EXP_01": "create", "EXP_02": "create"}


def test_drift_orphans_and_names_of_others(deployable: Project, aws: dict[str, str]) -> None:
    deployable.mkflow("deploy", **aws)
    deployable.python("""
        import boto3, json
        client = boto3.client("stepfunctions")
        found = [m for m in client.list_state_machines()["stateMachines"] if "drift-orphans" in m["name"] and "EXP_01" in m["name"]]
        text = json.loads(client.describe_state_machine(stateMachineArn=found[0]["stateMachineArn"])["definition"])
        text["Comment"] = "changed by hand"
        client.update_state_machine(stateMachineArn=found[0]["stateMachineArn"], definition=json.dumps(text))
        print("null")
    """, **aws)
    (deployable.root / "settings/settings.configuration.EXP_02.yaml").unlink()
    assert actions(deployable, aws) == {"EXP_01": "drift", "EXP_02": "orphan"}
    assert "1 orphan" in deployable.mkflow("plan", **aws).stdout
    done = deployable.mkflow("deploy", "--prune", **aws)
    assert "removed test-drift-orphans" in done.stdout
    assert actions(deployable, aws) == {"EXP_01": "unchanged"}


def test_status_and_destroy(deployable: Project, aws: dict[str, str]) -> None:
    deployable.mkflow("deploy", "-b", "EXP_01", **aws)
    found = json.loads(deployable.mkflow("status", "--format", "json", **aws).stdout)["instances"]
    assert [(entry["binding"], entry["state"], entry["user"]) for entry in found] == [
        ("EXP_01", "up to date", "tester"), ("EXP_02", "not deployed", None),
    ]  # fmt: skip
    assert "--yes" in deployable.mkflow("destroy", "training/EXP_01", code=6, **aws).stderr
    assert deployable.mkflow("destroy", "training/EXP_01", "--yes", **aws).stdout == "destroyed training/EXP_01@dev\n"
    assert actions(deployable, aws) == {"EXP_01": "create", "EXP_02": "create"}


def test_one_failure_does_not_stop_the_others(deployable: Project, aws: dict[str, str]) -> None:
    deployable.write("settings/settings.flow.EXP_01.yaml", "steps: {end: {batch: {queue: no-such-queue, swappiness: 900}}}\n")
    done = deployable.mkflow("deploy", code=7, **aws)
    assert "1 deployed, 1 failed" in done.stdout
    assert "error: training/EXP_01@dev was not deployed" in done.stderr
    assert actions(deployable, aws) == {"EXP_01": "create", "EXP_02": "unchanged"}
    deployable.write("settings/settings.flow.EXP_01.yaml", "{}\n")
    assert "1 deployed" in deployable.mkflow("deploy", **aws).stdout


def test_settings_that_are_wrong_touch_nothing(deployable: Project, aws: dict[str, str]) -> None:
    deployable.write("settings/settings.configuration.EXP_01.yaml", "model: ${nowhere}\n")
    deployable.mkflow("deploy", code=3, **aws)
    (deployable.root / "settings/settings.configuration.EXP_01.yaml").write_text("{}\n")
    assert actions(deployable, aws) == {"EXP_01": "create", "EXP_02": "create"}


def test_a_server_that_is_not_there(deployable: Project, aws: dict[str, str]) -> None:
    done = deployable.mkflow("plan", code=4, **{**aws, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert "error: AWS did not list the state machines" in done.stderr
    assert "Could not connect" in done.stderr


def test_trigger_and_runs(deployable: Project, aws: dict[str, str]) -> None:
    commit(deployable)
    words = ["training/EXP_01@dev"]
    assert "is not deployed" in deployable.mkflow("trigger", *words, code=2, **aws).stderr
    deployable.mkflow("deploy", *words, **aws)
    assert "there are no runs" in deployable.mkflow("runs", *words, **aws).stderr
    said = deployable.mkflow("trigger", *words, "--", "--depth", "3", **aws).stdout
    assert said.startswith("triggered training/EXP_01@dev, run sfn-")
    found = json.loads(deployable.mkflow("runs", *words, "--format", "json", **aws).stdout)["runs"]
    assert [(entry["binding"], entry["run_id"]) for entry in found] == [("EXP_01", said.strip().split()[-1])]


def test_a_killed_deployment_leaves_old_or_new(deployable: Project, aws: dict[str, str]) -> None:
    """SIGKILL at many moments; the next deployment finishes, whatever was left."""
    commit(deployable)
    for number in range(3, 9):
        deployable.write(f"settings/settings.configuration.EXP_0{number}.yaml", f"model: {{depth: {number}}}\n")
    command = [sys.executable, "-m", "mkflow", "deploy", "-p", "dev", "--jobs", "3"]
    chance = random.Random(7)
    for _ in range(12):
        process = subprocess.Popen(command, cwd=deployable.root, env=deployable.env(**aws), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
        time.sleep(chance.uniform(0.1, 2.0))
        subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)
        process.kill()
        process.wait()
        assert set(actions(deployable, aws, "-p", "dev").values()) <= {"create", "incomplete", "unchanged"}
    time.sleep(2)
    deployable.mkflow("deploy", "-p", "dev", **aws)
    assert set(actions(deployable, aws, "-p", "dev").values()) == {"unchanged"}
    assert len(actions(deployable, aws, "-p", "dev")) == 8
