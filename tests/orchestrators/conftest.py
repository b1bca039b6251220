from __future__ import annotations

from ..aws import aws  # noqa: F401  a fixture
