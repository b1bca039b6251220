"""The demo project, run as a newcomer runs it, in a copy."""

from __future__ import annotations

import json
import pathlib
import shutil
import sqlite3

import pytest

from .flows.project import Project

ROOT = pathlib.Path(__file__).parents[1]


class Demo(Project):
    """The repository's own project in a folder of its own."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        for name in ("flows", "settings"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.local.*"))
        shutil.copy(ROOT / "pyproject.toml", root)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return Demo(tmp_path_factory.mktemp("demo"))


def scores(demo: Demo, database: str) -> list[tuple[str, str]]:
    connection = sqlite3.connect(demo.root / database)
    try:
        return sorted(connection.execute("SELECT binding, target FROM scores"))
    finally:
        connection.close()


@pytest.mark.xdist_group("demo")
def test_experiments_differ_and_environments_are_apart(demo: Demo) -> None:
    done = demo.mkflow("run", "features")
    assert "442 rows in features of demo_dev.sqlite" in done.stdout
    done = demo.mkflow("run", "training/EXP_*", "--format", "json")
    assert [entry["result"] for entry in json.loads(done.stdout)["runs"]] == ["done", "done"]
    assert scores(demo, "demo_dev.sqlite") == [("EXP_01", "progression"), ("EXP_02", "bmi")]
    assert not (demo.root / "demo_production.sqlite").exists()
    dev = (demo.root / "demo_dev.sqlite").read_bytes()
    demo.mkflow("run", "-b", "EXP_01", "-p", "prod")
    assert scores(demo, "demo_production.sqlite") == [("EXP_01", "progression")]
    assert (demo.root / "demo_dev.sqlite").read_bytes() == dev
    found = demo.python("""
        import json
        from metaflow import Flow
        runs = {name: next(iter(Flow("DemoTraining").runs(f"mkflow.binding:{name}"))) for name in ("EXP_01", "EXP_02")}
        print(json.dumps({name: [run.data.settings["environment"]["TARGET_DATABASE"], run.data.score["r2"]] for name, run in runs.items()}))
    """)
    assert [entry[0] for entry in found.values()] == ["demo_production.sqlite", "demo_dev.sqlite"]
    assert found["EXP_01"][1] > 0.4
    assert found["EXP_01"][1] != found["EXP_02"][1]
