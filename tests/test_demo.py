"""The demo project, run as a newcomer runs it, in a copy."""

from __future__ import annotations

import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys

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
        shutil.copy(ROOT / ".gitignore", root)


def query(path: pathlib.Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def scores(demo: Demo, database: str) -> list[tuple[object, ...]]:
    return query(demo.root / database, "SELECT binding, target FROM scores ORDER BY binding")


@pytest.mark.xdist_group("demo")
def test_experiments_differ_and_environments_are_apart(tmp_path: pathlib.Path) -> None:
    demo = Demo(tmp_path)
    # Both find no feature table and make it; neither gets in the other's way.
    done = demo.mkflow("run", "training", "--all", "--format", "json")
    assert [entry["result"] for entry in json.loads(done.stdout)["runs"]] == ["done", "done"]
    assert scores(demo, "demo_dev.sqlite") == [("EXP_01", "progression"), ("EXP_02", "bmi")]
    assert not (demo.root / "demo_production.sqlite").exists()
    dev = (demo.root / "demo_dev.sqlite").read_bytes()
    done = demo.mkflow("run", "-b", "EXP_01", "-p", "prod")
    assert "EXP_01: progression from bmi, bp, s5, age\n" in done.stdout
    assert "written to scores of demo_production.sqlite\n" in done.stdout
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


@pytest.mark.xdist_group("features")
def test_the_unbound_flow_makes_the_feature_table_anew(tmp_path: pathlib.Path) -> None:
    demo = Demo(tmp_path)
    connection = sqlite3.connect(demo.root / "demo_dev.sqlite")
    connection.execute("CREATE TABLE features (old INTEGER)")
    connection.close()
    assert "442 rows in features of demo_dev.sqlite" in demo.mkflow("run", "features", MKFLOW_BINDING="EXP_01").stdout
    assert query(demo.root / "demo_dev.sqlite", "SELECT COUNT(*), COUNT(DISTINCT s5) > 100, MIN(bmi) > 10 FROM features") == [
        (442, 1, 1)
    ]


WRITER = """
import sys, types, warehouse
warehouse.data_set = lambda: (["bmi", "bp"], [[1.0, 2.0]] * 400)
environment = types.SimpleNamespace(TARGET_DATABASE="d.sqlite", FEATURE_TABLE='a "table', SCORE_TABLE="scores")
for attempt in range(2):
    rows, targets = warehouse.read_features(environment, ["bmi"], "bp")
    assert (len(rows), targets[0]) == (400, 2.0)
    warehouse.write_score(environment, sys.argv[1], "EXP_01", "bp", {"r2": attempt, "mae": 0})
warehouse.read_features(environment, ["bmj"], "bp")
"""


def test_many_processes_share_a_database(tmp_path: pathlib.Path) -> None:
    words = [sys.executable, "-c", WRITER]
    writers = [
        subprocess.Popen(
            [*words, str(number)], cwd=tmp_path, env={"PYTHONPATH": str(ROOT / "flows")}, stderr=subprocess.PIPE, text=True
        )
        for number in range(6)
    ]
    ends = [writer.communicate()[1].splitlines()[-1] for writer in writers]
    assert ends == ['sqlite3.OperationalError: no such column: a "table.bmj'] * 6
    assert query(tmp_path / "d.sqlite", "SELECT run, r2 FROM scores ORDER BY run") == [(str(number), 1.0) for number in range(6)]
