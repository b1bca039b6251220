"""The project file and the names in the settings folder become a :class:`Project`. No settings file is read."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from . import matrix
from .errors import Problem, SettingsError, UsageError, by_place
from .fields import Fields
from .files import list_folder, read_file
from .model import DEFAULT_BINDING, LOCAL, MADE_SECTIONS, RESERVED, Binding, Flow, Override, Profile, Project, SettingsFile
from .reader import read
from .select import Selector, all_keys, one_of, parse_selector, unknown
from .settings_names import NAME, NAME_RULE, settings_files
from .source import Source
from .spelling import is_misspelt, nearest
from .tree import Node, Origin, assign, at, parse_path

PROJECT_FILE = "mkflow.yaml"
ORCHESTRATORS = ("step-functions", "argo-workflows")
METAFLOW_OPTIONS = (
    "package_suffixes", "environment", "datastore", "datastore_root", "metadata", "event_logger", "monitor", "with", "pylint",
)  # fmt: skip


def find_root(start: pathlib.Path) -> pathlib.Path:
    """Walk up from a folder to the one that has the project file.

    Raises:
        UsageError: if there is none up to the top of the file system.
    """
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file() or _has_table(folder / "pyproject.toml"):
            return folder
    summary = f"there is no project here: no {PROJECT_FILE} and no [tool.mkflow] in a pyproject.toml, from {start} upwards"
    raise UsageError(Problem(summary, hint="mkflow init"))


def _has_table(path: pathlib.Path) -> bool:
    try:
        return "[tool.mkflow" in path.read_text("utf-8", "replace")
    except OSError:
        return False


def load(root: pathlib.Path) -> Project:
    """Read the project file of a folder.

    Raises:
        SettingsError: with all that is wrong in it and in the names of the settings files.
    """
    top, file = _project_node(root)
    fields = Fields(top, "the project file")
    name = fields.text("project", required=True)
    settings = fields.text("settings", "settings")
    _check_name(fields, "project", name)
    if settings and (os.path.isabs(settings) or ".." in pathlib.PurePosixPath(settings).parts):
        fields.refuse("settings", f"'{settings}' leads out of the project", "a folder inside the project")
        raise SettingsError(*by_place(fields.problems))
    try:
        files = settings_files(list_folder(root, settings), settings, fields.problems)
    except SettingsError as error:
        written = (fields.items["settings"].origin,) if fields.has("settings") else ()
        raise SettingsError(*(found._replace(origins=(*written, *found.origins)) for found in error.problems)) from None
    bindings = _bindings(fields, files)
    profiles = _profiles(fields, files)
    default = _default_profile(fields, profiles)
    flows = _flows(fields, root, bindings)
    metaflow = fields.table("metaflow", METAFLOW_OPTIONS)
    if "package_suffixes" in metaflow:
        Fields(fields.items["metaflow"], "metaflow", fields.problems).texts("package_suffixes")
    fields.no_others(("bindings", "profiles", "flows", "overrides", "metaflow"))
    _one_spelling(fields.problems, "bindings", [(binding.name, binding.origin) for binding in bindings.values()])
    overrides = _overrides(fields)
    if fields.problems:
        raise SettingsError(*by_place(fields.problems))
    known: dict[tuple[str, str], tuple[SettingsFile, ...]] = {}
    for entry in files:
        place = (entry.binding, entry.profile)
        known[place] = (*known.get(place, ()), entry)
    default = default or ("default" if "default" in profiles else next(iter(profiles)))
    project = Project(root, name, file, settings, default, flows, bindings, profiles, known, overrides, metaflow)
    problems = _fit_nothing(project)
    if problems:
        raise SettingsError(*problems)
    return project


def _default_profile(fields: Fields, profiles: dict[str, Profile]) -> str:
    """The name that is written, if one is; a profile that nothing else speaks of is added."""
    default = fields.text("default_profile", "")
    _check_name(fields, "default_profile", default)
    if default and default not in profiles:
        meant = next((name for name in profiles if is_misspelt(default, name)), None)
        if meant:
            fields.refuse("default_profile", f"there is no profile '{default}'", f"default_profile: {meant}")
        profiles[default] = Profile(default)
    if not profiles:
        profiles["default"] = Profile("default")
    return default


def _fit_nothing(project: Project) -> list[Problem]:
    """A problem for each override that is for no instance at all: most likely a slip in its selector."""
    keys = all_keys(project, tuple(project.profiles)) if project.overrides else []
    problems = []
    for index, override in enumerate(project.overrides):
        selector = parse_selector(override.match)
        if keys and not any(map(selector.matches, keys)):
            parts = zip(("flow", "binding", "profile"), selector, zip(*keys))
            wrong = (unknown(word, glob, sorted({*names})) for word, glob, names in parts if _none_fits(glob, names))
            problem = next(wrong, Problem(f"no instance fits '{override.match}'"))
            problems.append(problem._replace(path=("overrides", index, "match"), origins=(override.origin,)))
    return problems


def _none_fits(glob: str, names: Sequence[str]) -> bool:
    return bool(glob) and not any(fnmatchcase(name, glob) for name in names)


def _project_node(root: pathlib.Path) -> tuple[Node, str]:
    """The mapping that describes the project and the name of the file it stands in."""
    if (root / PROJECT_FILE).is_file():
        if _has_table(root / "pyproject.toml"):
            pyproject = _tool_table(root)
            summary = f"the project is described twice, in {PROJECT_FILE} and in pyproject.toml"
            raise SettingsError(Problem(summary, (), (Origin(PROJECT_FILE, 1, 1), pyproject.origin), "one of the two"))
        return read(read_file(root, PROJECT_FILE), Source(PROJECT_FILE, "the project file")), PROJECT_FILE
    return _tool_table(root), "pyproject.toml"


def _tool_table(root: pathlib.Path) -> Node:
    node = read(read_file(root, "pyproject.toml"), Source("pyproject.toml", "the project file"))
    found = at(node, ("tool", "mkflow"))
    if found is None or not isinstance(found.value, dict):
        raise SettingsError(Problem("[tool.mkflow] is not a table", (), (node.origin,)))
    return found


def _check_name(fields: Fields, key: str, name: str) -> None:
    if name and not NAME.fullmatch(name):
        fields.refuse(key, f"'{name}' is not a name", NAME_RULE)


def _bindings(fields: Fields, files: Sequence[SettingsFile]) -> dict[str, Binding]:
    """Bindings by their files and by the project file; a maker's file is no binding of its own."""
    declared = fields.mapping("bindings")
    found: dict[str, Binding] = {}
    makers: set[str] = set()
    for name, node in declared.items():
        entry = fields.entry(node, f"bindings.{name}", ("tags", "matrix", "zip", "exclude", "include"))
        _check_binding_name(fields, name, node)
        tags = entry.texts("tags")
        if any(entry.has(key) for key in ("matrix", "zip", "include", "exclude")):
            makers.add(name)
            made = [Binding(label, tags, node.key_origin, name, cell) for label, cell in matrix.cells(entry, name)]
        else:
            made = [Binding(name, tags, node.key_origin)]
        for binding in made:
            if binding.name in found:
                clash = (node.key_origin, found[binding.name].origin)
                fields.problems.append(Problem(f"two bindings are named '{binding.name}'", ("bindings", name), clash, "another name"))
            found[binding.name] = binding
    for file in files:
        if file.binding and file.binding != LOCAL and file.binding not in makers and file.binding not in found:
            found[file.binding] = Binding(file.binding, (), Origin(file.path))
    return found


def _check_binding_name(fields: Fields, name: str, node: Node) -> None:
    if not NAME.fullmatch(name):
        fields.problems.append(Problem(f"'{name}' is not a name of a binding", ("bindings",), (node.key_origin,), NAME_RULE))
    elif name in RESERVED:
        summary = f"'{name}' is reserved and cannot be a binding"
        fields.problems.append(Problem(summary, ("bindings",), (node.key_origin,), "another name"))


def _one_spelling(problems: list[Problem], word: str, names: Sequence[tuple[str, Origin]]) -> None:
    seen: dict[str, tuple[str, Origin]] = {}
    for name, origin in names:
        known, where = seen.setdefault(name.lower(), (name, origin))
        if known != name:
            summary = f"the {word} '{known}' and '{name}' differ in case only"
            # Where both have files, their names have told it already.
            if not any(problem.summary == summary for problem in problems):
                problems.append(Problem(summary, (), (origin, where), "one spelling"))


def _profiles(fields: Fields, files: Sequence[SettingsFile]) -> dict[str, Profile]:
    found: dict[str, Profile] = {}
    places: dict[str, Origin] = {}
    for name, node in fields.mapping("profiles").items():
        places[name] = node.key_origin
        entry = fields.entry(node, f"profiles.{name}", ("production", "branches", "orchestrator", "schedules"))
        if not NAME.fullmatch(name):
                fields.problems.append(Problem(f"'{name}' is not a name of a profile", ("profiles",), (node.key_origin,), NAME_RULE))
        orchestrator = entry.text("orchestrator", "")
        if orchestrator and orchestrator not in ORCHESTRATORS:
            meant = nearest(orchestrator, ORCHESTRATORS)
            entry.refuse("orchestrator", f"there is no orchestrator '{orchestrator}'", meant or " or ".join(ORCHESTRATORS))
        found[name] = Profile(
            name, entry.truth("production"), entry.texts("branches"), orchestrator or None, entry.truth("schedules"),
        )  # fmt: skip
    for file in files:
        if file.profile:
            found.setdefault(file.profile, Profile(file.profile))
            places.setdefault(file.profile, Origin(file.path))
    _one_spelling(fields.problems, "profiles", list(places.items()))
    return found


def _flows(fields: Fields, root: pathlib.Path, bindings: Mapping[str, Binding]) -> dict[str, Flow]:
    names = tuple(bindings)
    declared = fields.mapping("flows")
    if not fields.has("flows"):
        return {name: Flow(name, f"flows/{name}.py", names or (DEFAULT_BINDING,), Origin(f"flows/{name}.py"))
                for name in _flow_files(root)}  # fmt: skip
    found = {}
    for name, node in declared.items():
        entry = fields.entry(node, f"flows.{name}", ("file", "bindings"))
        if not NAME.fullmatch(name):
                fields.problems.append(Problem(f"'{name}' is not a name of a flow", ("flows",), (node.key_origin,), NAME_RULE))
        file = entry.text("file", f"flows/{name}.py")
        if os.path.isabs(file) or ".." in pathlib.PurePosixPath(file).parts:
            entry.refuse("file", f"'{file}' leads out of the project", "a file inside the project")
        found[name] = Flow(name, file, _flow_bindings(entry, names), node.key_origin)
    _one_spelling(fields.problems, "flows", [(flow.name, flow.origin) for flow in found.values()])
    return found


def _flow_bindings(entry: Fields, names: tuple[str, ...]) -> tuple[str, ...]:
    wanted = entry.value("bindings")
    if wanted is None:
        return names or (DEFAULT_BINDING,)
    if wanted == "none":
        return (DEFAULT_BINDING,)
    if wanted == []:
        entry.refuse("bindings", "a flow without bindings has no instance", "bindings: none, for one unbound instance")
    chosen: dict[str, None] = {}
    for glob in entry.texts("bindings"):
        matching = [name for name in names if Selector(glob).matches((name, "", ""))]  # type: ignore[arg-type]
        if not matching:
            hint = nearest(glob, names) or one_of(sorted(names)) or "bindings: none"
            # Where a matrix is wrong, its bindings are not there, and that is told already.
            if not any(problem.path[:1] == ("bindings",) for problem in entry.problems):
                entry.refuse("bindings", f"no binding matches '{glob}'", hint)
        chosen.update(dict.fromkeys(matching))
    return tuple(chosen)


def _flow_files(root: pathlib.Path) -> list[str]:
    """Without `flows:`, every file in flows/ that speaks of a FlowSpec; none of them is imported."""
    found = []
    for name in list_folder(root, "flows", missing_ok=True):
        stem = name.removesuffix(".py")
        if stem != name and NAME.fullmatch(stem) and b"FlowSpec" in read_file(root, f"flows/{name}"):
            found.append(stem)
    return found


def _overrides(fields: Fields) -> tuple[Override, ...]:
    found = []
    for index, node in enumerate(fields.sequence("overrides")):
        entry = fields.entry(node, f"overrides.{index}", ("match", "set"))
        match = entry.text("match", required=True)
        origin = entry.items["match"].origin if entry.has("match") else node.origin
        try:
            parse_selector(match or "*")
        except UsageError as error:
            fields.problems += [found._replace(path=entry.path("match"), origins=(origin,)) for found in error.problems]
        values = Node({}, node.origin)
        for path, value in entry.mapping("set").items():
            parts = section_path(fields.problems, path, value)
            if parts and matrix.is_covered(values, parts):
                summary = f"'{path}' is inside a value that is set beside it"
                fields.problems.append(Problem(summary, entry.path("set"), (value.key_origin,)))
            elif parts:
                values = assign(values, parts, value)
        found.append(Override(match, values, origin))
    return tuple(found)


def section_path(problems: list[Problem], path: str, value: Node) -> tuple[str, ...]:
    """The parts of a dotted path that begins with a section, or nothing and a problem."""
    try:
        parts = parse_path(path)
    except ValueError as error:
        problems.append(Problem(str(error), (), (value.key_origin,), "section.key.key"))
        return ()
    if parts[0] in MADE_SECTIONS:
        problems.append(Problem(f"the section '{parts[0]}' is made by mkflow", (), (value.key_origin,), "another section"))
        return ()
    if len(parts) == 1:
        problems.append(Problem(f"'{path}' names a section and no key in it", (), (value.key_origin,), f"{path}.key"))
        return ()
    return parts
