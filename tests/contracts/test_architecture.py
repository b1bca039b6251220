"""What the design says of the code, held by tests."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

from metaflow_extensions.mkflow import compose
from metaflow_extensions.mkflow.compose import errors

ROOT = pathlib.Path(__file__).parents[2]
COMPOSE = ROOT / "metaflow_extensions" / "mkflow" / "compose"


def modules_after(code: str) -> set[str]:
    """The modules of a fresh process after some code."""
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT.anchor)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_imports_go_one_way() -> None:
    done = subprocess.run([sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"], cwd=ROOT,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", [["ruff", "check", "."], ["mypy"]], ids=lambda command: command[0])
def test_lint_and_types(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_import_metaflow_loads_no_library() -> None:
    ours = {name for name in modules_after("import metaflow") if name.startswith("metaflow_extensions.mkflow")}
    assert ours <= {
        "metaflow_extensions.mkflow", "metaflow_extensions.mkflow.toplevel", "metaflow_extensions.mkflow.toplevel.names",
        "metaflow_extensions.mkflow.version",
    }  # fmt: skip


def test_a_flow_loads_the_author_module_and_no_more() -> None:
    before = modules_after("import metaflow")
    after = modules_after("import metaflow\nfrom metaflow import ComposeSettings")
    assert {name.rpartition(".")[2] for name in after - before} <= {"compose", "author"}


def test_the_command_does_not_import_metaflow() -> None:
    loaded = modules_after("import mkflow.__main__, mkflow.session, mkflow.commands.show_command, mkflow.commands.run_command")
    assert not loaded & {"metaflow", "omegaconf", "rich", "boto3", "yaml", "importlib.metadata"}


def test_both_orders_of_import_work() -> None:
    for code in (
        "import metaflow_extensions.mkflow.compose.author\nfrom metaflow import ComposeSettings",
        "from metaflow import ComposeSettings\nimport metaflow.compose\nassert metaflow.compose.ComposeSettings is ComposeSettings",
    ):
        modules_after(code)


def test_public_names_are_sorted_complete_and_no_modules() -> None:
    assert compose.__all__ == sorted(compose.__all__)
    assert set(compose._HOMES) == set(compose.__all__)
    stems = {path.stem for path in COMPOSE.glob("*.py")}
    for name in compose.__all__:
        assert getattr(compose, name) is not None
        assert name not in stems


def test_exit_codes_are_unique() -> None:
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, errors.MkflowError)]
    codes = [found.exit_code for found in classes]
    assert len(codes) == len(set(codes)), codes
    assert set(codes) <= {1, 2, 3, 4, 5, 6, 7, 8}


def test_no_namespace_file_above_the_package() -> None:
    assert not (ROOT / "metaflow_extensions" / "__init__.py").exists()
    assert not (ROOT / "metaflow_extensions" / "mkflow" / "__init__.py").exists()


def test_modules_stay_small() -> None:
    sizes = {path.name: len(path.read_text().splitlines()) for folder in (COMPOSE, ROOT / "cli") for path in folder.rglob("*.py")}
    assert {name: size for name, size in sizes.items() if size > 360} == {}
