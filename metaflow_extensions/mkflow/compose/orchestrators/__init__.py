"""Where instances are deployed; one module for each orchestrator, all with the functions of :class:`Orchestrator`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Protocol

from ..model import Deployed, Execution, Record

MODULES = {"step-functions": "step_functions"}


class Orchestrator(Protocol):
    """What a module of this package offers; ``env`` is that of the profile's commands."""

    def holds(self, project: str, env: Mapping[str, str]) -> dict[str, Deployed]:
        """Everything deployed, by name; records of this project are read."""

    def definitions(self, found: Iterable[Deployed], env: Mapping[str, str]) -> dict[str, str]:
        """The digest of what is there now, by name."""

    def idents(self, names: Iterable[str], env: Mapping[str, str]) -> dict[str, str]:
        """The ids that the objects of some names have or will have."""

    def token(self, found: Deployed, env: Mapping[str, str]) -> str | None:
        """Metaflow's production token of a deployed object."""

    def settings(self, found: Deployed, env: Mapping[str, str]) -> dict[str, object] | None:
        """The settings that a deployed object runs with, from its code package; None where they cannot be had."""

    def runs(self, found: Deployed, limit: int, env: Mapping[str, str]) -> list[Execution]:
        """The latest runs of a deployed object, newest first."""

    def write_record(self, found: Deployed, record: Record, env: Mapping[str, str]) -> None:
        """Put a record on a deployed object."""

    def remove(self, found: Deployed, env: Mapping[str, str]) -> None:
        """Take a deployed object and its schedule away."""


def orchestrator(name: str) -> Orchestrator:
    """The module of an orchestrator, imported when it is asked for.

    Raises:
        KeyError: if mkflow cannot deploy there.
    """
    module: Orchestrator = import_module(f"metaflow_extensions.mkflow.compose.orchestrators.{MODULES[name]}")
    return module
