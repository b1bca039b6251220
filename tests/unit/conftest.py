from __future__ import annotations

import pathlib
import textwrap
from collections.abc import Callable, Mapping

import pytest

FLOW = "class Training(FlowSpec):\n    @step\n    def start(self):\n        pass\n"

Write = Callable[[Mapping[str, str]], pathlib.Path]


@pytest.fixture
def write(tmp_path: pathlib.Path) -> Write:
    """Write files of a project, by path; a flow and a project file are there unless they are given."""
    root = tmp_path / "project"

    def _write(files: Mapping[str, str]) -> pathlib.Path:
        (root / "settings").mkdir(parents=True, exist_ok=True)
        begin = {name: text for name, text in (("mkflow.yaml", "project: demo\n"), ("flows/training.py", FLOW))
                 if not (root / name).exists() and "pyproject.toml" not in files}  # fmt: skip
        for name, text in {**begin, **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return root

    return _write
