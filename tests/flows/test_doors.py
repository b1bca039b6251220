"""The three doors into a flow, and the other ways that Metaflow has to start one."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

from .project import FLOW, Project

SETTINGS_JSON = "json.dumps(run.data.settings)"


def test_three_doors_give_the_same_bytes(project: Project) -> None:
    project.mkflow("run", "--binding", "EXP_01")
    first = project.latest(SETTINGS_JSON)
    compiled = project.mkflow("compile", "-b", "EXP_01").stdout.strip()
    project.flow("--config", "settings", compiled, "run")
    second = project.latest(SETTINGS_JSON)
    project.flow("run", MKFLOW_BINDING="EXP_01")
    third = project.latest(SETTINGS_JSON)
    assert first == second == third
    settings = json.loads(first)
    assert settings["configuration"]["model"] == {"depth": 8, "cpu": 2, "rate": 0.001, "name": "EXP_01-8"}
    assert settings["configuration"]["unicode"] == "zürich → 東京"
    assert settings["artifact"]["binding"] == "EXP_01"


def test_values_reach_parameters_decorators_and_steps(project: Project) -> None:
    project.mkflow("run", "training/EXP_02")
    assert project.latest("[run.data.depth, run['start'].task.data.seen, run.data.rate]") == [4, "007", 0.001]
    graph = project.latest("run['_parameters'].task['_graph_info'].data['steps']['start']['decorators']")
    assert {deco["name"]: deco["attributes"] for deco in graph}["resources"]["cpu"] == 2


def test_the_profile_decides(project: Project) -> None:
    project.flow("run", MKFLOW_BINDING="EXP_02", MKFLOW_PROFILE="prod")
    assert project.latest("run.data.settings['configuration']['model']['cpu']") == 16


def test_runs_are_found_by_tags(project: Project) -> None:
    project.mkflow("run", "-b", "EXP_02")
    project.flow("run", MKFLOW_BINDING="EXP_01")
    found = project.python("""
        import json
        from metaflow import Flow
        runs = {name: list(Flow("Training").runs(f"mkflow.binding:{name}")) for name in ("EXP_01", "EXP_02", "EXP_03")}
        tags = sorted(tag for tag in runs["EXP_02"][0].tags if tag.startswith("mkflow."))
        bindings = {name: [run.data.settings["artifact"]["binding"] for run in found] for name, found in runs.items()}
        print(json.dumps([bindings, tags]))
    """)
    assert found[0] == {"EXP_01": ["EXP_01"], "EXP_02": ["EXP_02"], "EXP_03": []}
    assert [tag.split(":")[0] for tag in found[1]] == [
        f"mkflow.{name}" for name in ("binding", "fingerprint", "flow", "profile", "project")
    ]
    shown = json.loads(project.mkflow("show", "-b", "EXP_02", "--format", "json").stdout)
    assert f"mkflow.fingerprint:{shown['fingerprint']}" in found[1]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("class Training(ComposeSettings, FlowSpec):", id="mix-in first"),
        pytest.param("class Base(FlowSpec, ComposeSettings):\n    pass\n\n\nclass Training(Base):", id="sub-class"),
        pytest.param("class More(ComposeSettings):\n    pass\n\n\nclass Training(FlowSpec, More):", id="own mix-in"),
    ],
)
def test_orders_of_bases(tmp_path: pathlib.Path, header: str) -> None:
    project = Project(tmp_path, {"flows/training.py": FLOW.replace("class Training(FlowSpec, ComposeSettings):", header)})
    project.write("settings/settings.flow.yaml", "steps: {end: {retry: {times: 1}}}\n")
    project.mkflow("run", "-b", "EXP_01")
    graph = project.latest("run['_parameters'].task['_graph_info'].data['steps']['end']['decorators']")
    assert [deco["name"] for deco in graph] == ["retry"]
    assert project.latest("run.data.settings['artifact']['flow_class']") == "Training"


def test_runner_deployer_names_and_resume(project: Project) -> None:
    found = project.python("""
        import json
        from metaflow import Runner
        with Runner("flows/training.py", env={"MKFLOW_BINDING": "EXP_02"}, show_output=False).run(depth=3) as first:
            one = [first.status, first.run.data.depth, first.run.data.settings["configuration"]["features"]]
            origin = first.run.id
        runner = Runner("flows/training.py", env={"MKFLOW_BINDING": "EXP_02"}, show_output=False)
        with runner.resume(origin_run_id=origin, step_to_rerun="end") as again:
            two = [again.status, again.run.data.depth, again.run.data.settings["artifact"]["binding"]]
        print(json.dumps([one, two]))
    """)
    assert found == [["successful", 3, ["a", "b", "c"]], ["successful", 3, "EXP_02"]]


def test_runner_takes_settings_of_a_notebook(project: Project) -> None:
    found = project.python("""
        import json
        from metaflow import Runner
        from metaflow.compose import settings_for
        settings = settings_for("training", binding="EXP_02")
        settings["configuration"]["model"]["depth"] = 99
        with Runner("flows/training.py", config_value=[("settings", settings)], show_output=False).run() as running:
            print(json.dumps([running.status, running.run.data.depth]))
    """)
    assert found == ["successful", 99]


def test_spin(project: Project) -> None:
    project.flow("run", MKFLOW_BINDING="EXP_01")
    done = project.flow("spin", "end", MKFLOW_BINDING="EXP_01")
    assert "Task finished successfully" in done.stdout


def test_notebook_runner(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real kernel runs a flow that was written in a cell, as NBRunner wants it: with its call."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(FLOW.split('if __name__ == "__main__":')[0] + NOTEBOOK)]
    for name, value in project.env().items():
        monkeypatch.setenv(name, value)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(project.root)}}).execute()
    printed = "".join(output.get("text", "") for output in notebook.cells[0].outputs)
    assert json.loads(printed.strip().splitlines()[-1]) == [True, ["a", "b", "c"]]


NOTEBOOK = """
import json
from metaflow import NBRunner

run = NBRunner(Training, base_dir=".", env={"MKFLOW_BINDING": "EXP_02"}, show_output=False).nbrun()
print(json.dumps([run.successful, run.data.settings["configuration"]["features"]]))
"""


def test_settings_of_another_flow_are_refused(project: Project) -> None:
    project.write("flows/other.py", FLOW.replace("Training", "Other"))
    compiled = project.mkflow("compile", "-b", "EXP_01").stdout.strip()
    done = project.flow("--config", "settings", compiled, "run", code=1, file="flows/other.py")
    assert "compiled for the flow 'Training' (binding 'EXP_01'), this flow is 'Other'" in done.stderr


def test_a_runner_in_a_step_does_not_inherit_settings(project: Project) -> None:
    """Deployed tasks have METAFLOW_FLOW_CONFIG_VALUE set, and so would the flows that they start."""
    project.write("mkflow.yaml", "project: demo\nflows: {training: {bindings: EXP_01}, child: {bindings: EXP_02}}\n")
    project.write("flows/child.py", FLOW.replace("Training", "Child"))
    starts_child = """from metaflow import Runner
        with Runner("flows/child.py", show_output=False).run() as running:
            print("the child had", running.run.data.settings["artifact"]["binding"])
        self.seen = os.environ"""
    project.write("flows/training.py", FLOW.replace("self.seen = os.environ", starts_child))
    project.flow("package", "save", "package.tgz")
    project.run("tar", "xf", "package.tgz", "--exclude", "training.py")
    top = ["--quiet", "--metadata", "local", "--datastore", "local"]
    given = {"METAFLOW_FLOW_CONFIG_VALUE": json.dumps({"settings": "kv.settings"}), "PYTHONPATH": str(project.root / ".mf_code"),
             "METAFLOW_EXTRACTED_ROOT": str(project.root)}  # fmt: skip
    project.write("training.py", project.root.joinpath("flows/training.py").read_text())
    project.flow(*top, "init", "--run-id", "1", "--task-id", "0", file="training.py", **given)
    words = ["step", "start", "--run-id", "1", "--task-id", "1", "--input-paths", "1/_parameters/0"]
    assert "the child had EXP_02" in project.flow(*top, *words, file="training.py", **given).stdout


@pytest.mark.parametrize(
    ("decorator", "message"),
    [
        pytest.param("ComposeSettings.settings.configuration.model.detph", "did you mean 'configuration.model.depth'?", id="typo"),
        pytest.param("ComposeSettings.get_deploy_time_settings('configuration.modle.cpu')", "did you mean 'configuration.model'?",
                     id="typo in a path"),
        pytest.param("ComposeSettings.settings.configuration[ComposeSettings.settings.configuration.evil]",
                     "there is no setting", id="a value as a key is no code"),
    ],
)  # fmt: skip
def test_wrong_keys_in_decorators(project: Project, decorator: str, message: str) -> None:
    target = project.root / "ran"
    project.write("settings/settings.configuration.EXP_01.yaml", f"""
        evil: "__class__.__mro__[1].__subclasses__() or open('{target}', 'w')"
    """)
    flow = FLOW.replace('ComposeSettings.settings["configuration"]["model"]["cpu"]', decorator)
    project.write("flows/training.py", flow)
    done = project.flow("run", code=1, MKFLOW_BINDING="EXP_01")
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not target.exists()


def test_steps_run_from_the_code_package_alone(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No settings folder, no OmegaConf, no git and no mkflow installed: what a deployed task has."""
    project.write("settings/settings.flow.yaml", "steps: {end: {retry: {times: 2}}}\n")
    package = project.root / "package.tgz"
    project.flow("package", "save", str(package), MKFLOW_BINDING="EXP_02")
    task = tmp_path_factory.mktemp("task")
    subprocess.run(["tar", "xf", str(package), "-C", str(task)], check=True)
    assert not (task / "settings").exists()
    bare = _image(tmp_path_factory.mktemp("image"), "requests", "urllib3", "idna", "certifi", "charset_normalizer")
    env = {
        "PYTHONPATH": os.pathsep.join([str(task / ".mf_code"), str(task), str(bare)]), "PATH": "/nonexistent",
        "METAFLOW_EXTRACTED_ROOT": str(task), "HOME": str(task), "METAFLOW_USER": "tester", "METAFLOW_FLOW_CONFIG_VALUE": json.dumps({"settings": "kv.settings"}),
    }  # fmt: skip
    top = ["--quiet", "--metadata", "local", "--datastore", "local", "--datastore-root", str(task / "store")]
    for words in (
        ["init", "--run-id", "1", "--task-id", "0"],
        ["step", "start", "--run-id", "1", "--task-id", "1", "--input-paths", "1/_parameters/0"],
        ["step", "end", "--run-id", "1", "--task-id", "2", "--input-paths", "1/start/1"],
    ):
        done = subprocess.run(
            [sys.executable, "-S", "-X", "importtime", "training.py", *top, *words], cwd=task, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
        assert "metaflow_extensions.mkflow.compose.author" in imported
        assert not {name for name in imported if name.startswith(("omegaconf", "yaml", "click", "rich"))}
        assert not imported & {f"metaflow_extensions.mkflow.compose.{name}" for name in ("pipeline", "reader", "merge", "resolve")}


def _image(folder: pathlib.Path, *packages: str) -> pathlib.Path:
    """A folder with a few packages of this environment, as a container's image has them."""
    import importlib.util

    for name in packages:
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        (folder / name).symlink_to(pathlib.Path(spec.origin).parent)
    return folder
