"""What README and docs say is true: their commands run, their listings are what is printed, nothing is left out."""

from __future__ import annotations

import importlib
import pathlib
import re
import subprocess
import sys

import click
import pytest

from .test_demo import Demo

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = pathlib.Path(__file__).parents[1]
UNSTABLE = [
    (re.compile(r"\b[0-9a-f]{16}\b"), "[FINGERPRINT]"),
    (re.compile(r"\d{16}"), "[RUN]"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+"), "[TIME]"),
    (re.compile(r"pid \d+"), "pid [PID]"),
    (re.compile(r"\d+\.\d s\b"), "[SECONDS]"),
]


def blocks() -> list[tuple[str, list[str]]]:
    """Commands of the console blocks of README, in order, each with the lines that it is said to print."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def stable(line: str) -> str:
    for pattern, word in UNSTABLE:
        line = pattern.sub(word, line)
    return line.rstrip()


@pytest.mark.xdist_group("readme")
def test_readme_listings(tmp_path: pathlib.Path) -> None:
    demo = Demo(tmp_path)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=demo.root, check=True)
    for command, said in blocks():
        done = subprocess.run(["bash", "-c", command], cwd=demo.root, env=demo.env(), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        printed = [stable(line) for line in done.stdout.splitlines()]
        if "run 'training" in command:
            missing = [line for line in said if line != "..." and stable(line) not in printed]
            # Lines of runs at once come in any order, and their times and task numbers differ.
            assert all(" | " in line for line in missing), missing
        elif "..." not in said:
            assert printed == [stable(line) for line in said], command


def commands() -> dict[str, click.Command]:
    from mkflow.__main__ import COMMANDS

    return {name: importlib.import_module(f"mkflow.commands.{name}_command").command for name in COMMANDS}


def test_every_command_and_option_is_documented_and_has_help() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    for name, command in commands().items():
        assert f"## mkflow {name}" in page
        assert command.help, name
        assert command.epilog and "Example" in command.epilog, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (name, parameter.name)
                assert all(f"`{option}" in page for option in parameter.opts), (name, parameter.opts)


def test_every_key_of_the_project_file_is_documented() -> None:
    page = (ROOT / "docs" / "project-file.md").read_text()
    source = (ROOT / "metaflow_extensions/mkflow/compose/project.py").read_text()
    keys = {key for group in re.findall(r"entry\(node, f?\"[^\"]*\", \(([^)]*)\)", source) for key in re.findall(r'"(\w+)"', group)}
    keys |= set(re.findall(r'fields\.(?:text|table|mapping|sequence)\("(\w+)"', source))
    assert {"project", "settings", "tags", "matrix", "branches", "match", "metaflow"} <= keys
    assert {key for key in keys if f"{key}`" not in page and f"`{key}" not in page} == set()


def test_every_dependency_is_named_with_its_reason() -> None:
    readme = (ROOT / "README.md").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for requirement in project["dependencies"]:
        name = re.match(r"[\w-]+", requirement)
        assert name and f"| {name[0].lower()} |" in readme.lower()
        assert "<" in requirement, f"{requirement} has no upper bound"


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_table_of_the_flow_section_is_true(tmp_path: pathlib.Path) -> None:
    """Each YAML of the table is put into a flow, and the decorator of its first column comes out."""
    from .flows.test_shape import FLOW, decorators

    page = (ROOT / "docs" / "flow-section.md").read_text()
    rows = re.findall(r"^\| `(@\w+).*?` .*?\| `(.*)` \|$", page, re.MULTILINE)
    assert len(rows) >= 10
    demo = Demo(tmp_path)
    demo.write("flows/train.py", FLOW.replace("train_one", "train"))
    for decorator, yaml in rows:
        demo.write("settings/settings.flow.yaml", f"{yaml}\nparameters: {{rounds: 1}}\n")
        demo.write("settings/settings.flow@prod.yaml", "{}\n")
        demo.write("settings/settings.configuration.yaml", "sleep: 0\nfail_first: false\nmodel: {}\nfeatures: []\n")
        demo.write("pyproject.toml", '[tool.mkflow]\nproject = "demo"\nflows = {train = {bindings = "none"}}\n')
        for name in ("EXP_01", "EXP_02"):
            (demo.root / f"settings/settings.configuration.{name}.yaml").unlink(missing_ok=True)
        found = decorators(demo, "train@prod")
        assert any(decorator[1:] in step for step in found.values()), (decorator, found)


def test_ci_calls_the_second_command() -> None:
    assert "pytest" in subprocess.run(
        ["sed", "-n", "/^## Set up and run the tests/,/^## /{/^python3 /p;}", "README.md"], cwd=ROOT, capture_output=True, text=True
    ).stdout
