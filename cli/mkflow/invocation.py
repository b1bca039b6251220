"""What Metaflow will be asked to do, as data."""

from __future__ import annotations

import os
import pathlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metaflow_extensions.mkflow.compose.model import Facts, Instance, Key, Project

SCRUBBED = ("METAFLOW_FLOW_CONFIG", "METAFLOW_FLOW_CONFIG_VALUE")
"""What a task that starts mkflow has set for its own flow; another flow must not get it."""


@dataclass(frozen=True)
class Invocation:
    """A command for one instance, the folder it runs in, and its environment.

    ``extra`` is the part of ``env`` that mkflow added; ``compiled`` is relative to ``folder``.
    """

    key: Key
    name: str
    argv: tuple[str, ...]
    folder: pathlib.Path
    env: Mapping[str, str]
    extra: Mapping[str, str]
    compiled: str

    @property
    def label(self) -> str:
        """What the instance is called beside its lines."""
        return str(self.key)

    def shell_line(self, here: str) -> str:
        """The command as it can be pasted into a shell whose current folder is ``here``."""
        words = [f"{name}={shlex.quote(value)}" for name, value in self.extra.items()]
        line = " ".join([*words, shlex.join(self.argv)])
        return line if os.path.realpath(here) == str(self.folder) else f"cd {shlex.quote(str(self.folder))} && {line}"


def local_run(
    project: Project, facts: Facts, instance: Instance, compiled: pathlib.Path, python: str, rest: Sequence[str]
) -> Invocation:
    """Metaflow's ``run`` of an instance, in the project folder.

    Args:
        rest: further words for ``run``.
    """
    file = compiled.relative_to(project.root).as_posix()
    argv = (python, instance.flow_file, *metaflow_options(project.metaflow), "--config", "settings", file, "run", *rest)
    env = {name: value for name, value in facts.env.items() if name not in SCRUBBED}
    extra = {}
    if not facts.user_known:
        # Metaflow refuses to run for root; in a container there is often nobody else.
        extra = {"METAFLOW_USER": facts.user}
    return Invocation(instance.key, instance.name, argv, project.root, {**env, **extra}, extra, file)


def metaflow_options(options: Mapping[str, object]) -> list[str]:
    """The project's ``metaflow:`` as options before Metaflow's command."""
    words: list[str] = []
    for name, value in options.items():
        if value is None:
            continue
        option = "--" + name.replace("_", "-")
        if name == "package_suffixes" and isinstance(value, list):
            words += [option, ",".join(map(str, value))]
        elif isinstance(value, bool):
            words.append(option if value else f"--no-{option[2:]}")
        elif isinstance(value, list):
            words += [word for item in value for word in (option, str(item))]
        else:
            words += [option, str(value)]
    return words
