"""A wheel and an editable install both give the command and the names that `metaflow` exports."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import venv
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A copy of what is packaged, so that building leaves nothing behind."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("metaflow_extensions", "cli"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize("how", ["wheel", "editable"])
def test_an_install_gives_command_and_names(source: pathlib.Path, tmp_path: pathlib.Path, how: str) -> None:
    """The dependencies are those of this environment; only mkflow is installed anew."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    site = pathlib.Path(subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"], text=True).strip())
    _link_dependencies(site)
    options = ["--no-build-isolation", "--no-deps", "--quiet", "--no-cache-dir"]
    what = ["-e", str(source)] if how == "editable" else [str(source)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), "install", *options, *what], check=True)
    code = "from metaflow import ComposeSettings, FlowSpec; import metaflow.compose; print(ComposeSettings.__module__)"
    shown = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "metaflow_extensions.mkflow.compose.author"
    made = subprocess.run([home / "bin" / "mkflow", "init", "demo"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "demo/settings/settings.environment@prod.yaml" in made
    checked = subprocess.run([home / "bin" / "mkflow", "check"], cwd=tmp_path / "demo", capture_output=True, text=True, check=True)
    assert checked.stdout == "4 instances checked, nothing is wrong\n"


def _link_dependencies(site: pathlib.Path) -> None:
    import sysconfig

    ours = pathlib.Path(sysconfig.get_paths()["purelib"])
    for entry in ours.iterdir():
        if "mkflow" not in entry.name and not (site / entry.name).exists() and entry.suffix != ".pth":
            (site / entry.name).symlink_to(entry)


def test_a_wheel_has_the_template_and_no_tests(source: pathlib.Path, tmp_path: pathlib.Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--quiet", "-w", str(tmp_path), str(source)]
    subprocess.run(command, check=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert "mkflow/template/settings/settings.environment@prod.yaml" in names
    assert "mkflow/template/gitignore" in names
    assert not [name for name in names if name.startswith(("tests", "flows", "settings"))]
    assert "metaflow_extensions/__init__.py" not in names
