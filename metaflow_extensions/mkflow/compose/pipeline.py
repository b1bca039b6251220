"""The story: one function for each arrow from the project file to instances, and nothing else.

::

    folder -> Project -> Key -> (Layer, ...) -> merged Node -> resolved Node -> Instance
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from . import project as project_file
from .assignments import Assignment, layer_of
from .digest import RECORD_FORMAT, code_digest, digest, fingerprint
from .errors import Problem, SettingsError, UsageError, by_place
from .files import read_file
from .flowfile import flow_class
from .layers import Step, layer_name, read_layers, steps
from .merge import merge
from .model import Facts, Instance, Key, Layer, Profile, Project
from .names import instance_name
from .near_keys import Written, misspelt_keys
from .reader import read
from .resolve import Resolver, resolve
from .select import unknown
from .shape import for_flow
from .source import Source
from .tree import EMPTY, MISSING, Node, Origin, Path, dotted, from_plain, plain

TRIGGERS = ("schedule", "trigger", "trigger_on_finish")
MADE = Origin("mkflow", layer="made by mkflow")


class Outcome(NamedTuple):
    """An instance, or what is wrong with it."""

    key: Key
    instance: Instance | None
    problems: tuple[Problem, ...]


class _Merged(NamedTuple):
    root: Node
    problems: tuple[Problem, ...]
    layers: tuple[str, ...]


class Composer:
    """Composes instances of one project; what instances share is read and merged once.

    Args:
        project: from :func:`project.load`.
        facts: all that is not in the files.
        local: whether this person's own files take part.
        assignments: ``--set``, applied last to every instance.
        deploying: whether schedules and triggers of development profiles are switched off.
    """

    def __init__(
        self, project: Project, facts: Facts, local: bool = True, assignments: Sequence[Assignment] = (),
        deploying: bool = False,
    ) -> None:  # fmt: skip
        self.project, self.facts, self.deploying = project, facts, deploying
        self.local, self.assignments = local, tuple(assignments)
        self._files: dict[str, Node | SettingsError] = {}
        self._shared: dict[tuple[Step, ...], _Merged] = {}
        self._slips: dict[str, list[Problem]] | None = None
        self._code: dict[str, tuple[str, str]] = {}

    def instance(self, key: Key) -> Instance:
        """Compose one instance.

        Raises:
            SettingsError: with all its problems, sorted by place.
        """
        outcome = self.outcome(key)
        if outcome.instance is None:
            raise SettingsError(*outcome.problems)
        return outcome.instance

    def outcome(self, key: Key) -> Outcome:
        """Compose one instance, or tell everything that is wrong with it."""
        merged = self._merge(key)
        problems = [*merged.problems, *self._slips_of(merged.layers)]
        root, layers = self._set(merged, problems)
        root = _for_flow(root, key.flow, self.project, problems)
        if self.deploying:
            root = _without_triggers(root, self.project.profiles[key.profile])
        resolution = resolve(root, resolvers(self.project, key, self.facts))
        problems += resolution.problems
        problems += _left_over(resolution.node, self.project, key)
        try:
            class_name, code = self._flow_facts(key.flow)
        except SettingsError as error:
            problems += error.problems
        if problems:
            return Outcome(key, None, by_place(problems))
        return Outcome(key, self._finish(key, resolution.node, layers, class_name, code), ())

    def outcomes(self, keys: Iterable[Key]) -> Iterable[Outcome]:
        """Compose several, one after the other; only what they share is kept."""
        return map(self.outcome, keys)

    def _merge(self, key: Key) -> _Merged:
        """Fold the layers; the prefix that all bindings of a profile share is folded once."""
        plan = list(steps(self.project, key, self.local))
        prefix = tuple(plan[:2])
        if prefix not in self._shared:
            self._shared[prefix] = self._fold(_Merged(EMPTY, (), ()), list(prefix))
        return self._fold(self._shared[prefix], plan[2:])

    def _fold(self, below: _Merged, plan: list[Step]) -> _Merged:
        problems = list(below.problems)
        root, names = below.root, list(below.layers)
        for layer in read_layers(plan, self._read, problems):
            root = merge(root, layer.root, problems)
            names += _sources(layer)
        return _Merged(root, tuple(problems), tuple(names))

    def _set(self, merged: _Merged, problems: list[Problem]) -> tuple[Node, tuple[str, ...]]:
        root, names = merged.root, list(merged.layers)
        for assignment in self.assignments:
            layer, problem = layer_of(assignment, root)
            if problem is not None:
                problems.append(problem)
            root = merge(root, layer, problems)
            names.append(f"--set {assignment.text}")
        return root, tuple(names)

    def _read(self, source: Source) -> Node:
        """A settings file, read once; its problems are raised each time."""
        if source.name not in self._files:
            try:
                self._files[source.name] = read(read_file(self.project.root, source.name), source)
            except SettingsError as error:
                self._files[source.name] = error
        found = self._files[source.name]
        if isinstance(found, SettingsError):
            raise found
        return found

    def _slips_of(self, layers: tuple[str, ...]) -> list[Problem]:
        if self._slips is None:
            self._slips = misspelt_keys(self._all_written())
        return [problem for name in dict.fromkeys(layers) for problem in self._slips.get(name, ())]

    def _all_written(self) -> Iterable[Written]:
        for file in (file for files in self.project.files.values() for file in files):
            try:
                node = self._read(Source(file.path, layer_name(file.binding, file.profile)))
            except SettingsError:
                continue
            rank = 2 * bool(file.binding) + bool(file.profile)
            yield Written(file.path, rank, Node({file.section: node}, node.origin))
        for binding in self.project.bindings.values():
            if binding.cell is not None:
                yield Written(f"matrix cell {binding.name}", 3, binding.cell, f"matrix of {binding.maker}")
        for override in self.project.overrides:
            yield Written("overrides", 4, override.values)

    def _flow_facts(self, flow: str) -> tuple[str, str]:
        """The class in a flow's file and the digest of its code, once per flow."""
        if flow not in self._code:
            file = self.project.flows[flow].file
            source = read_flow_file(self.project, flow)
            suffixes = self.project.metaflow.get("package_suffixes") or ()
            wanted = tuple(suffixes.split(",")) if isinstance(suffixes, str) else tuple(suffixes)  # type: ignore[arg-type]
            self._code[flow] = (flow_class(source), code_digest(self.project.root, file, wanted))
        return self._code[flow]

    def _finish(self, key: Key, resolved: Node, layers: tuple[str, ...], class_name: str, code: str) -> Instance:
        project, facts = self.project, self.facts
        profile = project.profiles[key.profile]
        name = instance_name(project, key, facts.git, facts.user)
        public = _without_private(resolved)
        assert isinstance(public.value, dict)
        binding = project.bindings.get(key.binding)
        tags = binding.tags if binding else ()
        artifact = {
            "project": project.name, "flow": key.flow, "flow_class": class_name, "binding": key.binding,
            "profile": key.profile, "name": name, "orchestrator": profile.orchestrator,
        }  # fmt: skip
        parts = {
            "settings": digest([plain(public), artifact]),
            "code": code,
            "options": digest([dict(project.metaflow), list(tags)]),
            "tools": digest([facts.metaflow_version, RECORD_FORMAT]),
        }
        made = {
            "artifact": {**artifact, "fingerprint": fingerprint(parts)},
            "system": {
                "user": facts.user, "repository": facts.git.repository, "branch": facts.git.branch,
                "commit": facts.git.commit, "dirty": facts.git.dirty, "mkflow_version": facts.mkflow_version,
                "metaflow_version": facts.metaflow_version, "layers": list(layers),
            },
        }  # fmt: skip
        sections = {**public.value, **{name: from_plain(value, MADE) for name, value in made.items()}}
        return Instance(
            key, name, project.flows[key.flow].file, class_name, public._replace(value=sections),
            fingerprint(parts), parts, layers, tags, profile.orchestrator, profile.production,
        )  # fmt: skip


def load_project(start: pathlib.Path) -> Project:
    """Find the project that a folder belongs to and read its project file.

    Raises:
        UsageError: if the folder belongs to no project.
        SettingsError: if the project file is wrong.
    """
    return project_file.load(project_file.find_root(start))


def read_flow_file(project: Project, flow: str) -> bytes:
    """The text of a flow file.

    Raises:
        SettingsError: if there is none, with the place that names it.
    """
    entry = project.flows[flow]
    try:
        return read_file(project.root, entry.file)
    except SettingsError:
        problem = Problem(f"there is no flow file '{entry.file}'", ("flows", flow), (entry.origin,), f"file: ... in flows.{flow}")
        raise SettingsError(problem) from None


def profile_in_force(project: Project, asked: str | None, env: Mapping[str, str], branch: str) -> Profile:
    """The profile of a command: ``--profile``, else ``MKFLOW_PROFILE``, else by branch, else the default.

    Raises:
        UsageError: if there is no such profile, with the nearest name.
    """
    name = asked or env.get("MKFLOW_PROFILE")
    if name:
        if name not in project.profiles:
            origins = () if asked else (Origin("MKFLOW_PROFILE"),)
            raise UsageError(unknown("profile", name, list(project.profiles))._replace(origins=origins))
        return project.profiles[name]
    for profile in project.profiles.values():
        if branch and any(fnmatchcase(branch, glob) for glob in profile.branches):
            return profile
    return project.profiles[project.default_profile]


def resolvers(project: Project, key: Key, facts: Facts) -> Mapping[str, Resolver]:
    """The resolvers of an instance; ``oc.select``, ``oc.dict.*`` and ``oc.deprecated`` come with references."""

    def env(name: str, *default: object) -> object:
        if len(default) > 1:
            raise TypeError("a name and one default")
        if str(name) in facts.env:
            return facts.env[str(name)]
        if default:
            return Node(None if default[0] is None else str(default[0]), Origin(f"env {name}, which is not set"))
        raise LookupError(f"the environment variable '{name}' is not set", f"export {name}=..., or ${{oc.env:{name},default}}")

    def mkflow(name: str) -> object:
        words = {"project": project.name, "flow": key.flow, "binding": key.binding, "profile": key.profile}
        if name not in words:
            raise LookupError(f"there is no ${{mkflow:{name}}}, but " + ", ".join(f"${{mkflow:{word}}}" for word in words))
        return words[name]

    def git(name: str) -> object:
        words = {"branch": facts.git.branch, "commit": facts.git.commit}
        if name not in words:
            raise LookupError(f"there is no ${{git:{name}}}, but ${{git:branch}} and ${{git:commit}}")
        if not words[name]:
            raise LookupError(f"git gives no {name} here")
        return words[name]

    return {"oc.env": env, "mkflow": mkflow, "git": git}


def _sources(layer: Layer) -> list[str]:
    """The names that a layer's values come from: its files, or the layer itself for the project file's."""
    assert isinstance(layer.root.value, dict)
    if layer.name == "overrides" or layer.name.startswith("matrix cell"):
        return [layer.name]
    return [node.origin.source for node in layer.root.value.values()]


def _for_flow(root: Node, flow: str, project: Project, problems: list[Problem]) -> Node:
    """The tree with what ``flow.flows.<this flow>`` says merged over the rest of the ``flow`` section."""
    assert isinstance(root.value, dict)
    section = root.value.get("flow")
    if section is None:
        return root
    rest, own = for_flow(section, flow, project.flows, problems)
    merged = merge(rest, own, problems, ("flow",)) if own is not None else rest
    return root._replace(value={**root.value, "flow": merged})


def _without_triggers(root: Node, profile: Profile) -> Node:
    """The tree of a development instance: what would start it by itself is null, also where the code has it."""
    assert isinstance(root.value, dict)
    if profile.production or profile.schedules:
        return root
    section = root.value.get("flow") or Node({}, MADE)
    off = {name: Node(None, Origin(f"profiles.{profile.name}", layer="made by mkflow")) for name in TRIGGERS}
    value = {**(section.value if isinstance(section.value, dict) else {}), **off}
    return root._replace(value={**root.value, "flow": section._replace(value=value)})


def _without_private(node: Node) -> Node:
    """The tree without keys that begin with an underscore, at any depth below the sections."""
    if isinstance(node.value, dict):
        items = {key: _without_private(item) for key, item in node.value.items() if not key.startswith("_")}
        return node._replace(value=items)
    if isinstance(node.value, tuple):
        return node._replace(value=tuple(map(_without_private, node.value)))
    return node


def _left_over(node: Node, project: Project, key: Key) -> list[Problem]:
    """A problem for each ``???`` that nobody filled, with the files where it could be set."""
    problems = []
    for path, left in _unset(node, ()):
        files = [f"{project.settings}/settings.{path[0]}.{key.binding}.yaml"] if key.binding in project.bindings else []
        files.append(f"{project.settings}/settings.{path[0]}@{key.profile}.yaml")
        hint = f"{dotted(path[1:])}: ... in " + " or ".join(files)
        problems.append(Problem(f"'{dotted(path)}' must be set ({MISSING})", path, (left.origin,), hint))
    return problems


def _unset(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    value = node.value
    if type(value) is dict:
        for key, item in value.items():
            if item.value == MISSING or type(item.value) is dict or type(item.value) is tuple:
                yield from _unset(item, (*path, key))
    elif type(value) is tuple:
        for index, item in enumerate(value):
            yield from _unset(item, (*path, index))
    elif value == MISSING and type(value) is str:
        yield path, node
