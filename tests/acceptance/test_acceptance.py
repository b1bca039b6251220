"""Runs each case and compares what it prints with its output.txt.

A case is a folder with ``script`` and ``output.txt``; its other files are the project. Files in a
``_project`` folder above it are shared by all cases below that level, and copied first. ``script`` runs with
``bash -eu -o pipefail`` in a fresh copy, with the functions of ``helpers.bash``; ``output.txt`` is all
that it printed, stdout and stderr as they came, after the replacements below.

``pytest tests/acceptance --update`` writes output.txt anew; the diff is to be read as a user would.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
SHARED = "_project"
NOT_COPIED = ("script", "output.txt")
SECONDS = 120
CASES = sorted(script.parent for script in HERE.rglob("script"))

# In this order: a run id, which is a time in microseconds, would also do for a fingerprint.
REPLACEMENTS = [
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", "[TIME]"),
    (r"\b1[6-9]\d{14}\b", "[RUN]"),
    (r"\bpid \d+", "pid [PID]"),
    (r"\b\d+\.\d+ s\b", "[SECONDS]"),
    (r'"seconds": \d+\.\d+', '"seconds": "[SECONDS]"'),
    (r"\b[0-9a-f]{40}\b", "[COMMIT]"),
    (r"\bcommit_[0-9a-f]{8}\b", "commit_[COMMIT]"),
    (r"(?<=fingerprint: )'([0-9a-f]{16})'", r"\1"),
    (r"\b[0-9a-f]{16}\b", "[FINGERPRINT]"),
    (r"(settings/compiled/settings\.\S+)\.[0-9a-f]{8}\.yaml", r"\1.[DIGEST].yaml"),
    (r"Metaflow \d+\.\d+[0-9A-Za-z.]*\+mkflow\([^)]*\)", "Metaflow [VERSION]"),
    (r'(metaflow_version"?: "?)\d+\.\d+[0-9A-Za-z.]*', r"\1[VERSION]"),
    (r'(mkflow_version"?: "?)\d+\.\d+[0-9A-Za-z.]*', r"\1[VERSION]"),
    (r"(m\w+flow_version +)\d+\.\d+\S* +", r"\1[VERSION] "),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(HERE).as_posix())
def test_case(case: pathlib.Path, tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> None:
    output = run(case, tmp_path)
    assert "Traceback" not in output, output
    golden = case / "output.txt"
    if request.config.getoption("--update"):
        golden.write_text(output, "utf-8")
    assert golden.exists(), f"no output.txt yet, --update writes it:\n{output}"
    assert output == golden.read_text("utf-8")


BAD_INPUT = [case for case in CASES if case.relative_to(HERE).parts[0] == "bad_input"]


@pytest.mark.parametrize("case", BAD_INPUT, ids=lambda case: case.relative_to(HERE).as_posix())
def test_bad_input_is_one_located_error(case: pathlib.Path) -> None:
    """Each traced command of a case of this area prints one error, with its place, and exits with 2 or 3."""
    commands = (case / "output.txt").read_text("utf-8").split(">>> ")[1:]
    assert commands
    for command in commands:
        lines = command.splitlines()
        assert sum(line.startswith("error: ") for line in lines) == 1, command
        assert lines[-1] in ("exit 2", "exit 3"), command
        assert lines[-1] == "exit 2" or any(line.startswith("  in  ") for line in lines), command


def run(case: pathlib.Path, folder: pathlib.Path) -> str:
    """What a case prints, with all replaced that differs between machines and days."""
    project, home = folder / "project", folder / "home"
    copy_project(case, project)
    home.mkdir()
    command = ["bash", "-eu", "-o", "pipefail", "-c", '. "$0"; . "$1"', str(HERE / "helpers.bash"), str(case / "script")]
    done = subprocess.run(
        command, cwd=project, env=environment(project, home), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=SECONDS,
    )  # fmt: skip
    output = stable(done.stdout.decode("utf-8", "backslashreplace"), folder)
    assert done.returncode == 0, f"the script ended with {done.returncode}:\n{output}"
    return output


def copy_project(case: pathlib.Path, target: pathlib.Path) -> None:
    target.mkdir()
    for above in reversed([case, *case.relative_to(HERE).parents]):
        shared = HERE / above / SHARED
        if shared.is_dir():
            shutil.copytree(shared, target, dirs_exist_ok=True)
    shutil.copytree(case, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*NOT_COPIED))


def environment(project: pathlib.Path, home: pathlib.Path) -> dict[str, str]:
    """Nothing of the person who runs the tests."""
    return {
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "METAFLOW_USER": "tester",
        "METAFLOW_HOME": str(home),
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(project),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(project.parent.parent),
    }


def stable(output: str, folder: pathlib.Path) -> str:
    for path in {str(folder), str(folder.resolve())}:
        output = output.replace(f"{path}/project", "[PROJECT]").replace(path, "[TEMP]")
    output = output.replace(sys.executable, "python")
    for pattern, word in REPLACEMENTS:
        output = re.sub(pattern, word, output)
    return output
