"""The compiled file: the settings of one instance as YAML that a person and Metaflow's ``--config`` read."""

from __future__ import annotations

import hashlib
import pathlib
from typing import Any

from .files import write_file
from .model import Git, Instance
from .names import branch_slug
from .scalars import ambiguous, scalar
from .tree import at, dotted, places, plain

FOLDER = ".mkflow/settings/compiled"


def dump(value: Any) -> str:
    """Plain data as YAML that every YAML 1.1 and 1.2 parser reads alike."""
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc]
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: Any, data: str) -> Any:
        # PyYAML quotes what YAML 1.1 would misread; what 1.2 would misread is quoted here.
        unclear = data != "" and (not isinstance(scalar(data), str) or ambiguous(data) is not None)
        style = "'" if unclear else "|" if "\n" in data and data.replace("\n", "").isprintable() else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(str, text)
    return str(yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=False))


def compiled_text(instance: Instance) -> str:
    """What is written into the compiled file: the same bytes for the same instance."""
    heading = f"# settings of {instance.key}, compiled by mkflow; change the files that `mkflow show` names, not this one\n"
    listed = "".join(f"{_PLACE}{path} {place}\n" for path, place in flow_origins(instance).items())
    return heading + dump(plain(instance.settings)) + listed


_PLACE = "# from "


def flow_origins(instance: Instance) -> dict[str, str]:
    """Where each part of the ``flow`` section is written, by dotted path: what a flow's process cannot know."""
    section = at(instance.settings, ("flow",))
    found = places(section, ("flow",)) if section is not None else ()
    return {dotted(path): str(origin) for path, origin in found if origin.line is not None}


def origins_in(text: str) -> dict[str, str]:
    """The places that the end of a compiled file lists."""
    lines = (line[len(_PLACE) :].rpartition(" ") for line in text.splitlines() if line.startswith(_PLACE))
    return {path: place for path, _, place in lines if path}


def write_compiled(root: pathlib.Path, instance: Instance, git: Git, user: str) -> pathlib.Path:
    """Write the compiled file of an instance.

    Returns:
        Its path below the project folder.

    Raises:
        OutsideError: if it cannot be written.
    """
    text = compiled_text(instance).encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(text).hexdigest()[:8]
    name = f"settings.{branch_slug(git, user)}.{instance.key.binding}.{instance.key.flow}.{digest}.yaml"
    return write_file(root, f"{FOLDER}/{name}", text)
