"""What README and docs say is true: their commands run, their listings are what is printed, nothing is left out.

Each page is a story that is played in a fresh copy of the demo project, a git repository on the branch ``main``:

- a block of any language whose first line is ``# <file name>`` is written into that file;
- in a ``console`` block each line that begins with ``$`` is run by bash. What stands below it is all that the command
  prints, on stdout and stderr. A line ``...`` stands for any lines. Lines of runs at once (``training/EXP_01@dev | ...``)
  come in any order. A command that shows an ``error:`` fails, every other succeeds.

``pytest --update`` writes the listings without ``...`` anew; read the diff.
"""

from __future__ import annotations

import importlib
import json
import pathlib
import re
import subprocess
import sys
from contextlib import nullcontext

import click
import pytest

from metaflow_extensions.mkflow.compose.project import METAFLOW_OPTIONS, ORCHESTRATORS

from .aws import server
from .test_demo import Demo

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
UNSTABLE = [
    (re.compile(r"\bsfn-[0-9a-f-]{36}"), "[EXECUTION]"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(\+00:00)?"), "[TIME]"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "[FINGERPRINT OR RUN]"),
    (re.compile(r"\b[0-9a-f]{8}\b"), "[DIGEST OR COMMIT]"),
    (re.compile(r"pid \d+"), "pid [PID]"),
    (re.compile(r"\d+\.\d s\b"), "[SECONDS]"),
    (re.compile(r" +"), " "),  # columns are as wide as what is unstable in them
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# ((?:flows/|settings/)\S+|mkflow\.yaml|pyproject\.toml)$", re.MULTILINE)
AT_ONCE = re.compile(r"\S+ *\| ")


def stable(line: str) -> str:
    for pattern, word in UNSTABLE:
        line = pattern.sub(word, line)
    return line.rstrip()


def fits(said: list[str], printed: list[str]) -> bool:
    """Whether a listing is what was printed."""
    at_once = {line for line in printed if AT_ONCE.match(line)}
    if any(AT_ONCE.match(line) and line not in at_once for line in said):
        return False
    said, printed = ([line for line in lines if not AT_ONCE.match(line)] for lines in (said, printed))
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n" for line in said)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def play(block: re.Match[str], demo: Demo, env: dict[str, str], update: bool) -> str:
    """Write the file of a block, or run its commands; gives the block as it should be."""
    kind, text = block.groups()
    file = FILE.match(text)
    if kind == "console":
        commands = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
        return f"```{kind}\n" + "".join(run(*command.split("\n", 1), demo, env, update) for command in commands) + "```"
    if file and file[1] == "mkflow.yaml":
        (demo.root / "pyproject.toml").unlink(missing_ok=True)
    if file:
        demo.write(file[1], text)
    return block[0]


def run(command: str, listing: str, demo: Demo, env: dict[str, str], update: bool) -> str:
    """Run one command and hold what it prints against its listing; gives both as they should be."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=demo.root, env=demo.env(**env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=120,
    )  # fmt: skip
    said, printed = ([stable(line) for line in text.splitlines()] for text in (listing, done.stdout))
    if update and "..." not in said and not fits(said, printed):
        listing, said = "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines()), printed
    assert fits(said, printed), f"$ {command}\n{done.stdout}\n--- the page has\n{listing}"
    fails = any(line.startswith(("error:", "The settings do not compose:")) for line in map(str.lstrip, said))
    assert bool(done.returncode) == fails, f"$ {command}\nexits with {done.returncode}\n{done.stdout}"
    return f"$ {command}\n{listing}"


@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem, marks=pytest.mark.xdist_group(page.stem)) for page in PAGES])
def test_listings(page: pathlib.Path, tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> None:
    text = page.read_text("utf-8")
    demo = Demo(tmp_path)
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=demo.root, check=True)
    with server() if "$ mkflow deploy" in text else nullcontext({}) as env:
        played = BLOCK.sub(lambda block: play(block, demo, env, request.config.getoption("--update")), text)
    if played != text:
        page.write_text(played, "utf-8")


def commands() -> dict[str, click.Command]:
    from mkflow.__main__ import COMMANDS

    return {name: importlib.import_module(f"mkflow.commands.{name}_command").command for name in COMMANDS}


def sections() -> dict[str, str]:
    """What docs/commands.md says of each command; what it says of all of them is under an empty name."""
    parts = re.split(r"^## ", (ROOT / "docs" / "commands.md").read_text("utf-8"), flags=re.MULTILINE)
    own = {part.split()[1]: part for part in parts if part.startswith("mkflow ")}
    return {"": "".join(part for part in parts if part not in own.values()), **own}


def test_every_command_and_option_is_documented_and_has_help() -> None:
    page = sections()
    for name, command in commands().items():
        assert name in page, f"docs/commands.md has no heading 'mkflow {name}'"
        assert command.help, name
        assert command.epilog and "Example" in command.epilog, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (name, parameter.name)
                where = page[""] + page[name]
                missing = [option for option in parameter.opts if not re.search(rf"`{option}[`= ]", where)]
                assert not missing, f"docs/commands.md does not say what {missing} of mkflow {name} does"
    assert {*page} == {"", *commands()}


def test_every_option_of_the_command_itself_is_documented() -> None:
    from mkflow.__main__ import cli

    missing = [option for parameter in cli.params for option in parameter.opts if option not in sections()[""]]
    assert missing == []


def test_every_exit_code_is_documented() -> None:
    from metaflow_extensions.mkflow.compose import errors

    codes = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.MkflowError)}
    assert {code for code in codes if f"\n| {code} |" not in sections()[""]} == set()


@pytest.mark.parametrize(
    "words",
    ["show training/EXP_01", "show training", "show --line settings/settings.flow.yaml:3", "list", "check -p dev --set configuration.seed=[]",
     "compile training", "diff training/EXP_01 training/EXP_02", "schedule", "graph training/EXP_01"],
)  # fmt: skip
def test_every_key_of_json_is_documented(words: str, tmp_path: pathlib.Path) -> None:
    rows = re.findall(r"^\| `([a-z -]+)` \| (.*) \|$", sections()[""], re.MULTILINE)
    said = next(row for name, row in reversed(rows) if words.startswith(name))
    done = Demo(tmp_path).mkflow(*words.split(), "--format", "json", code=3 if words.startswith("check") else 0)
    found = json.loads(done.stdout)
    assert found.pop("version") == 1
    keys = {*found} | {
        key for value in found.values() if isinstance(value, list) for entry in value if isinstance(entry, dict) for key in entry
    }
    assert {key for key in keys if f"`{key}`" not in said} == set()


def test_every_key_of_the_project_file_is_documented() -> None:
    page = (ROOT / "docs" / "project-file.md").read_text("utf-8")
    source = (ROOT / "metaflow_extensions/mkflow/compose/project.py").read_text("utf-8")
    keys = {
        key for group in re.findall(r"\.entry\(node, f?\"[^\"]*\", \(([^)]*)\)", source) for key in re.findall(r'"(\w+)"', group)
    }
    keys |= set(re.findall(r'fields\.(?:text|table|mapping|sequence)\("(\w+)"', source))
    assert {"project", "settings", "tags", "matrix", "branches", "match", "metaflow"} <= keys
    keys |= {*METAFLOW_OPTIONS, *ORCHESTRATORS}
    assert {key for key in keys if not re.search(rf"`(?:[\w<>]+\.)*{key}`", page)} == set()


def test_every_dependency_is_named_with_its_reason() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = document["project"]
    named = {name.strip().lower() for row in re.findall(r"^\| ([^|]+) \|", readme, re.MULTILINE) for name in row.split(",")}
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    for requirement in [*project["dependencies"], *extras, *document["build-system"]["requires"]]:
        name = re.match(r"[\w-]+", requirement)
        assert name and name[0].lower() in named, f"README gives no reason for {requirement}"
    for requirement in project["dependencies"]:
        assert "<" in requirement, f"{requirement} has no upper bound"


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
    linked = (ROOT / "README.md").read_text("utf-8")
    assert [page.name for page in PAGES[1:] if f"docs/{page.name}" not in linked] == []


def test_the_table_of_the_flow_section_is_true(tmp_path: pathlib.Path) -> None:
    """Each YAML of the table is put into a flow, and the decorator of its first column comes out."""
    from .flows.test_shape import FLOW, decorators

    page = (ROOT / "docs" / "flow-section.md").read_text("utf-8")
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


def test_ci_runs_readmes_second_command(tmp_path: pathlib.Path) -> None:
    """The script finds the command in README as it stands there, and its status is the command's."""
    readme = (ROOT / "README.md").read_text("utf-8")
    first, second = re.findall(r"^```sh\n(.*)\n```$", readme, re.MULTILINE)
    assert first.startswith("python3 -m venv .venv && ") and first.endswith("mkflow run --binding EXP_01")
    assert second.startswith("python3 -m venv .venv && ") and second.endswith(".venv/bin/python -m pytest")
    script = tmp_path / ".ci" / "run"
    script.parent.mkdir()
    script.write_text((ROOT / ".ci" / "run").read_text("utf-8"), "utf-8")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "python3").write_text('#!/bin/sh\necho "called with $*"\nexit 9\n')
    (bin_folder / "python3").chmod(0o755)
    for text, code, said in ((readme, 9, f"{second}\ncalled with -m venv .venv\n"), ("# nothing\n", 1, "")):
        (tmp_path / "README.md").write_text(text, "utf-8")
        done = subprocess.run(["bash", script], env={"PATH": f"{bin_folder}:/usr/bin:/bin"}, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (code, said)
