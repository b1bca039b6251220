from __future__ import annotations

import pathlib

import pytest

from ..aws import aws  # noqa: F401  a fixture
from .project import Project


@pytest.fixture
def project(tmp_path: pathlib.Path) -> Project:
    return Project(tmp_path)
