"""The nouns of mkflow as frozen values."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .tree import Node, Origin

DEFAULT_BINDING = "default"
LOCAL = "local"
RESERVED = (DEFAULT_BINDING, LOCAL)
MADE_SECTIONS = ("artifact", "system")
"""Sections that mkflow makes; no file may set them."""


class Key(NamedTuple):
    """What names an instance inside its project: flow, binding and profile."""

    flow: str
    binding: str
    profile: str

    def __str__(self) -> str:
        return f"{self.flow}/{self.binding}@{self.profile}"


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow file and the bindings it is instantiated under."""

    name: str
    file: str
    bindings: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Binding:
    """A label of instances; ``maker`` and ``cell`` are there for one that a matrix made."""

    name: str
    tags: tuple[str, ...]
    origin: Origin
    maker: str = ""
    cell: Node | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """Where and how instances run."""

    name: str
    production: bool = False
    branches: tuple[str, ...] = ()
    orchestrator: str | None = None
    schedules: bool = False


class SettingsFile(NamedTuple):
    """One file of the settings folder, taken apart by its name; ``path`` is relative to the project."""

    path: str
    section: str
    binding: str = ""
    profile: str = ""


class Override(NamedTuple):
    """One entry of ``overrides:``: a selector and a tree of sections."""

    match: str
    values: Node
    origin: Origin


@dataclass(frozen=True, slots=True)
class Project:
    """All that is known without reading a settings file; ``files`` are by binding and profile."""

    root: pathlib.Path
    name: str
    file: str
    settings: str
    default_profile: str
    flows: Mapping[str, Flow]
    bindings: Mapping[str, Binding]
    profiles: Mapping[str, Profile]
    files: Mapping[tuple[str, str], tuple[SettingsFile, ...]]
    overrides: tuple[Override, ...] = ()
    metaflow: Mapping[str, object] = field(default_factory=dict)


class Layer(NamedTuple):
    """One source of settings in the order of precedence; ``root`` is a mapping of sections."""

    name: str
    root: Node


class Git(NamedTuple):
    """What git says of the project folder; all empty outside a repository."""

    repository: str = ""
    branch: str = ""
    commit: str = ""
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All that composition takes from outside the files, so that the same facts give the same bytes.

    ``user_known`` is false where Metaflow would find no user by itself.
    """

    env: Mapping[str, str]
    git: Git
    user: str
    user_known: bool
    mkflow_version: str
    metaflow_version: str


@dataclass(frozen=True, slots=True)
class Instance:
    """Flow, binding and profile with their settings; nothing later reads a settings file.

    ``settings`` is resolved, with the made sections and without private keys; ``parts`` are the
    digests that ``fingerprint`` is made of; ``layers`` are the sources that took part, lowest first.
    """

    key: Key
    name: str
    flow_file: str
    flow_class: str
    settings: Node
    fingerprint: str
    parts: Mapping[str, str]
    layers: tuple[str, ...]
    tags: tuple[str, ...]
    orchestrator: str | None
    production: bool


class Record(NamedTuple):
    """What mkflow writes on a deployed object after it was created: all that a plan needs to know."""

    project: str
    flow: str
    binding: str
    profile: str
    name: str
    parts: Mapping[str, str]
    definition: str
    commit: str
    user: str
    time: str

    @property
    def key(self) -> Key:
        """The instance that was deployed."""
        return Key(self.flow, self.binding, self.profile)


class Deployed(NamedTuple):
    """An object that an orchestrator holds: its name there, its id, and the record if it has one.

    ``definition`` is the digest of what is there now; empty where nobody asked.
    """

    name: str
    ident: str
    record: Record | None
    definition: str = ""


class Difference(NamedTuple):
    """A setting that a deployment would change; ``origin`` is the place in the files that decides it."""

    path: str
    deployed: object
    planned: object
    origin: str


class Change(NamedTuple):
    """What a deployment would do with one instance, and why.

    ``action`` is one of create, update, unchanged, drift, incomplete, orphan and taken.
    """

    action: str
    key: Key
    name: str
    reason: str = ""
    deployed: Deployed | None = None
    differences: tuple[Difference, ...] = ()


class Execution(NamedTuple):
    """A run that an orchestrator started: Metaflow's run id, how it does, and when (ISO 8601)."""

    run_id: str
    status: str
    started: str
    ended: str | None
