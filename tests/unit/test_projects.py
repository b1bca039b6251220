from __future__ import annotations

import os
import pathlib
import subprocess
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaflow_extensions.mkflow.compose import names
from metaflow_extensions.mkflow.compose.environment import read_facts, read_git
from metaflow_extensions.mkflow.compose.errors import MkflowError, SettingsError
from metaflow_extensions.mkflow.compose.flowfile import flow_class
from metaflow_extensions.mkflow.compose.model import Git, Instance, Key
from metaflow_extensions.mkflow.compose.pipeline import Composer, load_project
from metaflow_extensions.mkflow.compose.planning import name_clashes
from metaflow_extensions.mkflow.compose.select import all_keys, parse_selector
from metaflow_extensions.mkflow.compose.spelling import is_misspelt, nearest
from metaflow_extensions.mkflow.compose.tree import plain

FLOW = "class Training(FlowSpec):\n    @step\n    def start(self):\n        pass\n"


def write(root: pathlib.Path, files: dict[str, str]) -> None:
    for name, text in {"mkflow.yaml": "project: demo\n", "flows/training.py": FLOW, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    (root / "settings").mkdir(exist_ok=True)


def composer(root: pathlib.Path, **options: object) -> Composer:
    project = load_project(root)
    return Composer(project, read_facts(root, {"USER": "tester", "HOME": "/home"}), **options)  # type: ignore[arg-type]


def settings_of(root: pathlib.Path, key: Key, section: str = "c", **options: object) -> object:
    return plain(composer(root, **options).instance(key).settings)[section]


def test_layers_in_their_order(tmp_path: pathlib.Path) -> None:
    names_of_layers = ["", "@dev", ".EXP", ".EXP@dev", ".local"]
    files = {
        f"settings/settings.c{name}.yaml": "".join(f"k{index}: {number}\n" for index in range(number, 6))
        for number, name in enumerate(names_of_layers)
    }
    overrides = "overrides: [{match: training/EXP, set: {c.k5: o}}]\n"
    write(tmp_path, {**files, "mkflow.yaml": f"project: demo\n{overrides}"})
    assert settings_of(tmp_path, Key("training", "EXP", "dev")) == {"k0": 0, "k1": 1, "k2": 2, "k3": 3, "k4": 4, "k5": 4}
    assert settings_of(tmp_path, Key("training", "EXP", "dev"), local=False) == {"k0": 0, "k1": 1, "k2": 2, "k3": 3, "k4": 3, "k5": "o"}


def test_a_production_profile_takes_no_local_file(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {
        "mkflow.yaml": "project: demo\nprofiles: {prod: {production: true}, dev: {}}\n",
        "settings/settings.c.yaml": "k: 1\n", "settings/settings.c.local.yaml": "k: 2\n",
    })  # fmt: skip
    assert settings_of(tmp_path, Key("training", "default", "prod")) == {"k": 1}
    assert settings_of(tmp_path, Key("training", "default", "dev")) == {"k": 2}


def test_a_matrix_makes_bindings(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {
        "mkflow.yaml": """
            project: demo
            bindings:
              GRID:
                tags: [grid]
                matrix: {c.rate: [0.1, 0.01], c.depth: [4, 8]}
                zip: {c.size: [s, l], c.cpu: [1, 2]}
                exclude: [{c.rate: 0.1, c.size: l}]
                include: [{c.rate: 1, c.extra: true}]
        """,
        "settings/settings.c.yaml": "rate: 0\ndepth: 0\n", "settings/settings.c.GRID.yaml": "base: 1\n",
    })  # fmt: skip
    project = load_project(tmp_path)
    assert list(project.bindings) == ["GRID-1", "GRID-3", "GRID-5", "GRID-6", "GRID-7", "GRID-8", "GRID-9"]
    assert settings_of(tmp_path, Key("training", "GRID-6", "default")) == {
        "rate": 0.01, "depth": 4, "base": 1, "size": "l", "cpu": 2,
    }  # fmt: skip
    assert settings_of(tmp_path, Key("training", "GRID-9", "default")) == {"rate": 1, "depth": 0, "base": 1, "extra": True}
    assert project.bindings["GRID-1"].tags == ("grid",)


def test_private_keys_and_references_between_sections(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {
        "settings/settings.c.yaml": "_base: s3://x\npath: ${c._base}/${mkflow:flow}/${d.name}\n",
        "settings/settings.d.yaml": "name: ${.inner.n}\ninner: {n: 7, _hidden: 1}\n",
    })  # fmt: skip
    key = Key("training", "default", "default")
    assert settings_of(tmp_path, key) == {"path": "s3://x/training/7"}
    assert settings_of(tmp_path, key, "d") == {"name": 7, "inner": {"n": 7}}


def test_the_fingerprint_changes_with_what_makes_an_instance_and_with_nothing_else(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"settings/settings.c.yaml": "a: 1\nb: {x: 1, y: 2}\n"})

    def instance(user: str = "tester") -> Instance:
        facts = read_facts(tmp_path, {"METAFLOW_USER": user, "MKFLOW_X": os.urandom(4).hex()})
        project = load_project(tmp_path)
        return Composer(project, facts).instance(all_keys(project, ["default"])[0])

    (tmp_path / "mkflow.yaml").write_text("project: demo\nprofiles: {default: {production: true}}\n")
    first = instance()
    (tmp_path / "settings/settings.c.yaml").write_text("# a comment\nb: {y: 2, x: 1}\na: 1\n")
    assert instance("somebody").parts == first.parts
    (tmp_path / "settings/settings.c.yaml").write_text("a: 2\nb: {x: 1, y: 2}\n")
    assert {part for part, value in instance().parts.items() if value != first.parts[part]} == {"settings"}
    (tmp_path / "settings/settings.c.yaml").write_text("a: 1\nb: {x: 1, y: 2}\n")
    (tmp_path / "flows/more.py").write_text("x = 1\n")
    assert {part for part, value in instance().parts.items() if value != first.parts[part]} == {"code"}
    (tmp_path / "flows/more.py").unlink()
    (tmp_path / "mkflow.yaml").write_text("project: demo\nprofiles: {default: {production: true}}\nmetaflow: {datastore: s3}\n")
    assert {part for part, value in instance().parts.items() if value != first.parts[part]} == {"options"}


@pytest.mark.parametrize(
    ("word", "known", "misspelt"),
    [
        ("fetures", "features", True), ("regoin", "region", True), ("cup", "cpu", True), ("gpu", "cpu", False), ("lag_1", "lag_2", False),
        ("value_min", "value_max", False), ("lr", "l2", False), ("learning_rte", "learning_rate", True), ("depth", "width", False),
        ("target_colum", "target_column", True), ("targt_colum", "target_column", True), ("a", "b", False), ("features", "features", False),
    ],
)  # fmt: skip
def test_slips(word: str, known: str, misspelt: bool) -> None:
    assert is_misspelt(word, known) is misspelt


def test_a_key_that_siblings_have_is_no_slip(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {
        "settings/settings.c.yaml": "features: 1\n", "settings/settings.c.A.yaml": "fetures: 2\n", "settings/settings.c.B.yaml": "other: 3\n",
    })  # fmt: skip
    with pytest.raises(SettingsError, match="unknown key 'fetures'"):
        settings_of(tmp_path, Key("training", "A", "default"))
    assert settings_of(tmp_path, Key("training", "B", "default")) == {"features": 1, "other": 3}
    (tmp_path / "settings/settings.c.B.yaml").write_text("fetures: 4\nfeatures: 5\n")
    assert settings_of(tmp_path, Key("training", "A", "default")) == {"features": 1, "fetures": 2}


def test_the_nearest_name() -> None:
    assert nearest("EXP_1", ["EXP_01", "GRID"]) == "EXP_01"
    assert nearest("zzz", ["EXP_01"]) is None


TEXT = st.text(min_size=1, max_size=60)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(TEXT, TEXT)
def test_two_branches_never_have_one_name(one: str, two: str) -> None:
    first, second = (names.branch_slug(Git("r", text, "c"), "u") for text in (one, two))
    assert (first == second) == (one == two)
    assert all(char.isascii() and (char.isalnum() or char == "_") for char in first)


NAMES = st.text("abAB01_-.", min_size=1, max_size=120).map(lambda text: f"demo.{text}.training")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(NAMES, NAMES, st.sampled_from(["step-functions", "argo-workflows"]))
def test_two_instances_never_have_one_deployed_name(one: str, two: str, orchestrator: str) -> None:
    first, second = names.deployed_name(one, orchestrator), names.deployed_name(two, orchestrator)
    assert (first == second) == (one == two)
    assert len(first) <= (80 if orchestrator == "step-functions" else 45)
    if orchestrator == "argo-workflows":
        assert first == first.lower() and "_" not in first and first[0].isalnum() and first[-1].isalnum()


def test_names_of_instances(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"mkflow.yaml": "project: demo\ndefault_profile: dev\nprofiles: {dev: {}, staging: {}, prod: {production: true}}\n"})
    project = load_project(tmp_path)
    git = Git("demo", "demox", "abcdef0123", False)
    shown = [names.instance_name(project, Key("training", "EXP_01", profile), git, "u") for profile in ("dev", "staging", "prod")]
    assert shown == ["demo.branch_demox.EXP_01.training", "demo.staging.branch_demox.EXP_01.training", "demo.prod.EXP_01.training"]
    assert names.branch_slug(Git("demo", "", "abcdef0123", False), "u") == "commit_abcdef01"
    assert names.branch_slug(Git(), "ann") == "user_ann"
    assert name_clashes([]) == []


@pytest.mark.parametrize("text", ["", "@", "a/", "a@", "a/b/c", "a@b@c", "/b"])
def test_wrong_selectors(text: str) -> None:
    with pytest.raises(MkflowError, match="is not a selector"):
        parse_selector(text)


def test_selectors() -> None:
    key = Key("training", "EXP_01", "prod")
    assert all(parse_selector(text).matches(key) for text in ("training", "training/EXP_*", "training@prod", "*/EXP_01@p*", "@prod"))
    assert not any(parse_selector(text).matches(key) for text in ("score", "training/EXP_02", "training@dev"))


def git(root: pathlib.Path, *words: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@t", *words]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def test_git_in_every_kind_of_checkout(tmp_path: pathlib.Path) -> None:
    main = tmp_path / "main"
    write(main, {"settings/settings.c.yaml": "a: 1\n"})
    assert read_git(main) == Git()
    git(main, "init", "-q", "-b", "feature/x")
    assert read_git(main) == Git("main", "feature/x", "", True)
    git(main, "add", "-A")
    git(main, "commit", "-qm", "x")
    commit = git(main, "rev-parse", "HEAD")
    assert read_git(main) == Git("main", "feature/x", commit, False)
    (main / "settings/settings.c.yaml").write_text("a: 2\n")
    assert read_git(main).dirty
    git(main, "checkout", "-q", ".")
    git(main, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    assert read_git(tmp_path / "tree") == Git("main", "other", commit, False)
    git(main, "checkout", "-q", "--detach")
    assert read_git(main) == Git("main", "", commit, False)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{main}", "shallow")
    assert read_git(tmp_path / "shallow").commit == commit


def test_one_git_process_at_most(tmp_path: pathlib.Path) -> None:
    project = tmp_path / "project"
    write(project, {"settings/settings.c.yaml": "a: ${git:branch}\n", "mkflow.yaml": "project: demo\nprofiles: {p: {branches: [main]}}\n"})
    git(project, "init", "-q", "-b", "main")
    shim = tmp_path / "bin"
    shim.mkdir()
    real = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout.strip()
    (shim / "git").write_text(f'#!/bin/sh\necho call >> {tmp_path}/calls\nexec {real} "$@"\n')
    (shim / "git").chmod(0o755)
    import sys

    env = {**os.environ, "PATH": f"{shim}:{os.environ['PATH']}"}
    done = subprocess.run([sys.executable, "-m", "mkflow", "show"], cwd=project, env=env, capture_output=True, text=True, check=True)
    assert "c.a" in done.stdout
    assert (tmp_path / "calls").read_text() == "call\n"


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (FLOW, "Training"),
        (f"{FLOW}\nclass Other(FlowSpec):\n    pass\n\nif __name__ == '__main__':\n    Training()\n", "Training"),
        ("class Base:\n    pass\n\nclass Flow(Base):\n    pass\n\nif __name__ == '__main__':\n    Flow()\n", "Flow"),
        ("x = (", ""),
        ("x = 1\n", ""),
    ],
)
def test_the_class_of_a_flow_file(source: str, wanted: str) -> None:
    assert flow_class(source.encode()) == wanted
