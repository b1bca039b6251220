"""The grammar of file names: ``settings.<section>[.<binding>][@<profile>].<yaml|yml|json|toml>``. Pure."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterable

from .errors import Problem
from .model import DEFAULT_BINDING, LOCAL, MADE_SECTIONS, SettingsFile
from .tree import Origin

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
NAME_RULE = "letters, digits, '_' and '-', beginning with a letter or digit"
"""What a name of a section, binding, profile, flow or project looks like, in words."""
_ENDINGS = ("yaml", "yml", "json", "toml")
_FILE = re.compile(r"settings\.(?P<section>[^.@]+)(?:\.(?P<binding>[^.@]+))?(?:@(?P<profile>[^.@]+))?\.(?P<ending>[^.@]+)")


def settings_files(names: Iterable[str], folder: str, problems: list[Problem]) -> tuple[SettingsFile, ...]:
    """Take the names of a settings folder apart.

    Args:
        names: those of all files in it; what does not begin with ``settings.`` is left alone.
        folder: its path in the project.
        problems: what is wrong with a name, or between two, is added here.
    """
    found: dict[tuple[str, str, str], SettingsFile] = {}
    spelling: dict[str, tuple[str, str]] = {}
    told: set[str] = set()
    for name in names:
        if not name.startswith("settings.") or name.endswith(("~", ".swp")):
            continue
        path = (pathlib.PurePosixPath(folder) / name).as_posix()
        file = settings_file(path, name, problems)
        if file is None:
            continue
        place = (file.section, file.binding, file.profile)
        if place in found:
            clash = (Origin(path), Origin(found[place].path))
            problems.append(Problem("two files are the same layer", (), clash, "one of the two"))
            continue
        for word, part in (("section", file.section), ("binding", file.binding), ("profile", file.profile)):
            known, where = spelling.setdefault(f"{word} {part.lower()}", (part, path))
            if known != part and f"{word} {part}" not in told:
                told.add(f"{word} {part}")
                summary = f"the {word}s '{known}' and '{part}' differ in case only"
                problems.append(Problem(summary, (), (Origin(path), Origin(where)), "one spelling"))
        found[place] = file
    return tuple(found.values())


def settings_file(path: str, name: str, problems: list[Problem]) -> SettingsFile | None:
    """Take one name apart, or say why it cannot be the name of a settings file."""
    match = _FILE.fullmatch(name)
    rule = "settings.<section>[.<binding>][@<profile>].yaml"
    if match is None:
        problems.append(Problem(f"'{name}' is not a name of a settings file", (), (Origin(path),), rule))
        return None
    section, binding, profile, ending = match.group("section", "binding", "profile", "ending")
    wrong = next((part for part in (section, binding, profile) if part is not None and not NAME.fullmatch(part)), None)
    if wrong is not None:
        problems.append(Problem(f"'{wrong}' is not a name, in the file '{name}'", (), (Origin(path),), NAME_RULE))
    elif ending not in _ENDINGS:
        summary = f"a settings file ends in .yaml, .yml, .json or .toml, not in '.{ending}'"
        problems.append(Problem(summary, (), (Origin(path),), rule))
    elif section in MADE_SECTIONS:
        problems.append(Problem(f"the section '{section}' is made by mkflow", (), (Origin(path),), "another section name"))
    elif binding == DEFAULT_BINDING:
        summary = "'default' is the binding of unbound flows and has no file of its own"
        problems.append(Problem(summary, (), (Origin(path),), f"settings.{section}.{ending}"))
    elif binding == LOCAL and profile:
        summary = "a local file has no profile"
        problems.append(Problem(summary, (), (Origin(path),), f"settings.{section}.local.{ending}"))
    else:
        return SettingsFile(path, section, binding or "", profile or "")
    return None
