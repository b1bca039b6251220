"""What the commands of one process share: the project, facts from outside, and how instances are chosen."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from metaflow_extensions.mkflow.compose.assignments import parse_assignments
from metaflow_extensions.mkflow.compose.environment import read_facts
from metaflow_extensions.mkflow.compose.errors import Problem, Refused, UsageError
from metaflow_extensions.mkflow.compose.layers import steps
from metaflow_extensions.mkflow.compose.model import DEFAULT_BINDING, Facts, Key, Project
from metaflow_extensions.mkflow.compose.pipeline import Composer, load_project, profile_in_force
from metaflow_extensions.mkflow.compose.select import Wanted, choose, is_glob, one_of, parse_selector, unknown
from metaflow_extensions.mkflow.compose.spelling import nearest
from metaflow_extensions.mkflow.compose.tree import Origin


@dataclass(frozen=True)
class Selection:
    """What the user wrote to choose instances."""

    selectors: tuple[str, ...] = ()
    bindings: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    reads: str | None = None
    since: str | None = None

    @property
    def has_glob(self) -> bool:
        """Whether the user asked for several by a glob, a tag or a file."""
        words = (*self.selectors, *self.bindings, *self.profiles)
        return bool(self.tags or self.reads or self.since) or any(map(is_glob, words))


class Session:
    """Loads what is asked for, once."""

    def __init__(self, project_dir: str | None, env: Mapping[str, str]) -> None:
        self.start = pathlib.Path(project_dir or os.curdir).resolve()
        self.env = env
        self.named_project = project_dir

    @cached_property
    def project(self) -> Project:
        """The project that the current folder, or ``--project-dir``, is in."""
        if not self.start.is_dir():
            raise UsageError(Problem(f"there is no folder '{self.named_project}'", hint="--project-dir DIR"))
        return load_project(self.start)

    @cached_property
    def facts(self) -> Facts:
        """Git, user and versions."""
        return read_facts(self.project.root, self.env)

    def composer(self, assignments: Sequence[str] = (), local: bool = True) -> Composer:
        """A composer of this project with the ``--set`` of the command line."""
        return Composer(self.project, self.facts, local, parse_assignments(tuple(assignments)))

    def keys(self, selection: Selection, all_profiles: bool = False) -> list[Key]:
        """The instances that are chosen.

        Args:
            selection: what the user wrote.
            all_profiles: whether every profile counts where none was written, instead of the one in force.

        Raises:
            UsageError: if nothing is chosen, with the nearest names.
        """
        selectors = tuple(map(parse_selector, selection.selectors))
        wanted = Wanted(selectors, selection.bindings, selection.profiles, selection.tags)
        in_force = None
        if not all_profiles and not wanted.profiles:
            in_force = profile_in_force(self.project, None, self.env, self._branch()).name
        keys = choose(self.project, wanted, in_force)
        if not all_profiles and not selection.bindings and not any(selector.binding for selector in selectors):
            keys = self._of_named_binding(keys)
        if selection.reads is not None:
            keys = self._reading(keys, selection.reads)
        if selection.since is not None:
            from .since import changed_since

            keys = changed_since(self.composer(local=False), keys, selection.since)
        return keys

    def _of_named_binding(self, keys: list[Key]) -> list[Key]:
        """Those of ``MKFLOW_BINDING``, if it is set; where only unbound flows are chosen, it says nothing."""
        name = self.env.get("MKFLOW_BINDING")
        if not name:
            return keys
        found = [key for key in keys if key.binding == name]
        known = sorted({key.binding for key in keys if key.binding != DEFAULT_BINDING})
        if not known:
            return keys
        if not found:
            # The user has not typed the binding now, and would not know where it is from.
            raise UsageError(unknown("binding", name, known)._replace(origins=(Origin("MKFLOW_BINDING"),)))
        return found

    def _branch(self) -> str:
        """The git branch where a profile asks for one; git costs a process."""
        if any(profile.branches for profile in self.project.profiles.values()):
            return self.facts.git.branch
        return ""

    def _reading(self, keys: list[Key], file: str) -> list[Key]:
        root = self.project.root
        candidates = {os.path.relpath(pathlib.Path(start, file).resolve(), root) for start in (os.curdir, root)}
        found = [key for key in keys if candidates & _files_of(self.project, key)]
        if not found:
            known = sorted({entry.path for files in self.project.files.values() for entry in files})
            hint = nearest(file, known) or one_of(known) if not candidates & set(known) else ""
            raise UsageError(Problem(f"no chosen instance reads '{file}'", hint=hint))
        return found

    def refuse_overrides(self, keys: Sequence[Key], assignments: Sequence[str], allowed: bool) -> None:
        """``--set`` does not reach a production profile without ``--allow-overrides``.

        Raises:
            Refused: naming the first such instance.
        """
        if not assignments or allowed:
            return
        for key in keys:
            if self.project.profiles[key.profile].production:
                summary = f"'{key.profile}' is a production profile and takes no --set"
                raise Refused(Problem(summary, hint="--allow-overrides, or the value in a settings file"))


def _files_of(project: Project, key: Key) -> set[str]:
    return {project.file, *(file.path for step in steps(project, key, True) for file in step.files)}
