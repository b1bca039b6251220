"""mkflow: settings for Metaflow flows, composed from layers, with the origin of every value.

Also importable as ``metaflow.compose``. Public names are loaded when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .author import ComposeSettings
    from .errors import MkflowError, Problem, SettingsError
    from .flow_door import settings_for
    from .model import Instance, Key, Project
    from .pipeline import Composer, load_project

__all__ = [
    "ComposeSettings",
    "Composer",
    "Instance",
    "Key",
    "MkflowError",
    "Problem",
    "Project",
    "SettingsError",
    "load_project",
    "settings_for",
]

_HOMES = {
    "ComposeSettings": "author",
    "Composer": "pipeline",
    "Instance": "model",
    "Key": "model",
    "MkflowError": "errors",
    "Problem": "errors",
    "Project": "model",
    "SettingsError": "errors",
    "load_project": "pipeline",
    "settings_for": "flow_door",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"metaflow_extensions.mkflow.compose.{home}"), name)


def __dir__() -> list[str]:
    return __all__
