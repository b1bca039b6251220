from __future__ import annotations

import pathlib

import pytest

from .project import Project


@pytest.fixture
def project(tmp_path: pathlib.Path) -> Project:
    return Project(tmp_path)
