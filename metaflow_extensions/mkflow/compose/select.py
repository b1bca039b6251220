"""Selectors: ``FLOW``, ``FLOW/BINDING``, ``FLOW@PROFILE``, ``FLOW/BINDING@PROFILE``, each part a glob."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from .errors import Problem, UsageError
from .model import Key, Project
from .spelling import nearest


class Selector(NamedTuple):
    """Three globs; an empty part was not written and matches everything."""

    flow: str = ""
    binding: str = ""
    profile: str = ""

    def matches(self, key: Key) -> bool:
        """Tell whether an instance is meant."""
        return all(not glob or fnmatchcase(part, glob) for glob, part in zip(self, key))


def parse_selector(text: str) -> Selector:
    """Read a selector.

    Raises:
        UsageError: if it has more parts than there are, or an empty one.
    """
    rest, at, profile = text.partition("@")
    flow, slash, binding = rest.partition("/")
    wrong = (at and not profile) or (slash and not binding) or "/" in binding or "@" in profile or not (flow or at)
    if wrong:
        raise UsageError(Problem(f"'{text}' is not a selector", hint="FLOW, FLOW/BINDING, FLOW@PROFILE or FLOW/BINDING@PROFILE"))
    return Selector(flow, binding, profile)


def is_glob(text: str) -> bool:
    """Tell whether a name may stand for several."""
    return any(char in text for char in "*?[")


def all_keys(project: Project, profiles: Sequence[str]) -> list[Key]:
    """Every instance of the project in some profiles, flow by flow."""
    return [
        Key(flow.name, binding, profile)
        for flow in project.flows.values()
        for binding in flow.bindings
        for profile in profiles
    ]


class Wanted(NamedTuple):
    """What a command was asked for: a union of selectors, narrowed by options."""

    selectors: tuple[Selector, ...] = ()
    bindings: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def names_profiles(self) -> bool:
        """Whether a profile was asked for anywhere."""
        return bool(self.profiles) or any(selector.profile for selector in self.selectors)


def choose(project: Project, wanted: Wanted, profile_in_force: str | None) -> list[Key]:
    """The instances that are wanted, in the order of the project file.

    Args:
        project: gives the names that there are.
        wanted: what was asked for.
        profile_in_force: taken where no profile was asked for; None takes all profiles.

    Raises:
        UsageError: if a name is unknown or nothing matches, with the nearest names.
    """
    profiles = tuple(project.profiles)
    keys = [key for key in all_keys(project, profiles) if _wanted(key, wanted, project)]
    if profile_in_force is not None and not wanted.profiles:
        keys = [key for key in keys if key.profile == profile_in_force or _profile_selected(key, wanted)]
    if not keys:
        raise UsageError(*_why_nothing(project, wanted))
    return keys


def _profile_selected(key: Key, wanted: Wanted) -> bool:
    return any(selector.profile and selector.matches(key) for selector in wanted.selectors)


def _wanted(key: Key, wanted: Wanted, project: Project) -> bool:
    binding = project.bindings.get(key.binding)
    tags = binding.tags if binding else ()
    return (
        (not wanted.selectors or any(selector.matches(key) for selector in wanted.selectors))
        and _any_glob(key.binding, wanted.bindings)
        and _any_glob(key.profile, wanted.profiles)
        and (not wanted.tags or any(fnmatchcase(tag, glob) for tag in tags for glob in wanted.tags))
    )


def _any_glob(name: str, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(name, glob) for glob in globs)


def _why_nothing(project: Project, wanted: Wanted) -> list[Problem]:
    """Name each word that fits nothing; if each fits something, say that nothing fits all."""
    bindings = {name for flow in project.flows.values() for name in flow.bindings}
    tags = {tag for binding in project.bindings.values() for tag in binding.tags}
    asked: list[tuple[str, str, Iterable[str]]] = []
    for selector in wanted.selectors:
        if selector.flow in bindings and not _fits(selector.flow, project.flows):
            summary = f"'{selector.flow}' is a binding, and a selector begins with a flow"
            flow = next(flow.name for flow in project.flows.values() if selector.flow in flow.bindings)
            profile = f"@{selector.profile}" if selector.profile else ""
            return [Problem(summary, hint=f"{flow}/{selector.flow}{profile}")]
        asked += [("flow", selector.flow, project.flows), ("binding", selector.binding, bindings)]
        asked.append(("profile", selector.profile, project.profiles))
    asked += [("binding", name, bindings) for name in wanted.bindings]
    asked += [("profile", name, project.profiles) for name in wanted.profiles]
    asked += [("tag", name, tags) for name in wanted.tags]
    problems = [unknown(word, name, list(known)) for word, name, known in asked if name and not _fits(name, known)]
    if problems:
        return list(dict.fromkeys(problems))
    if not project.flows:
        return [Problem("there is no flow in this project", hint="a flow file in flows/, or `flows:` in the project file")]
    pairs = sorted({f"{flow.name}/{binding}" for flow in project.flows.values() for binding in flow.bindings})
    return [Problem("no instance fits all that was asked for", hint=one_of(pairs))]


def _fits(glob: str, names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for name in names)


def unknown(word: str, name: str, known: Sequence[str]) -> Problem:
    """There is no such flow, binding, profile or tag; the nearest one, or all if they are few."""
    meant = nearest(name, known)
    matches = "that matches" if is_glob(name) else "named"
    return Problem(f"there is no {word} {matches} '{name}'", hint=meant or one_of(sorted(known)))


def one_of(names: Sequence[str]) -> str:
    """The names to choose from, as a hint."""
    return "one of " + some(names) if len(names) > 1 else "".join(names)


def some(names: Sequence[str], most: int = 12) -> str:
    """A list of names for a message, cut when it is long."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
