"""``mkflow show``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from metaflow_extensions.mkflow.compose.compiled import dump
from metaflow_extensions.mkflow.compose.errors import Problem, SettingsError, UsageError, by_place
from metaflow_extensions.mkflow.compose.model import MADE_SECTIONS, Instance
from metaflow_extensions.mkflow.compose.select import one_of
from metaflow_extensions.mkflow.compose.spelling import nearest
from metaflow_extensions.mkflow.compose.tree import Leaf, Path, assign, at, dotted, leaves, parse_path, plain

from ..options import assignments, complete_paths, output_format, pass_session, selection
from ..render import as_json, inline, note, one_line, out, style
from ..session import Selection, Session


@click.command(
    "show",
    epilog="Examples: mkflow show training -b EXP_01, mkflow show --path configuration.model, "
    "mkflow show --line settings/settings.configuration.yaml:3",
)
@selection
@click.option("--path", metavar="PATH", help="Only the settings at or below this path.", shell_complete=complete_paths)
@click.option("--line", metavar="FILE:LINE", help="Every instance and value that this line decides.")
@click.option("--no-origins", is_flag=True, help="Values only.")
@assignments
@output_format("text", "json", "yaml")
@pass_session
def command(
    session: Session, selection: Selection, path: str | None, line: str | None, no_origins: bool,
    sets: tuple[str, ...], allow_overrides: bool, kind: str,
) -> None:  # fmt: skip
    """Show compiled settings, each value with its origin and what it replaced."""
    if line is not None:
        from ..line import show_line

        show_line(session, selection, line, sets, kind)
        return
    keys = session.keys(selection)
    session.refuse_overrides(keys, sets, allow_overrides)
    outcomes = list(session.composer(sets).outcomes(keys))
    problems = by_place(problem for outcome in outcomes for problem in outcome.problems)
    if problems:
        raise SettingsError(*problems)
    instances = [outcome.instance for outcome in outcomes if outcome.instance]
    wanted = parse_setting(path) if path is not None else ()
    narrowed = [_only(instance, wanted, len(instances) == 1) if path else instance for instance in instances]
    found = [instance for instance in narrowed if instance is not None]
    if not found:
        raise UsageError(Problem(f"no chosen instance has a setting '{path}'", hint=_nearest(instances[0], wanted)))
    if kind == "json":
        entries = [to_json(instance) for instance in found]
        as_json(entries[0] if len(entries) == 1 else {"instances": entries})
    elif kind == "yaml":
        out("---\n".join(f"# {instance.key}\n{dump(plain(instance.settings))}" for instance in found).rstrip("\n"))
    else:
        for index, instance in enumerate(found):
            _show_text(instance, path, no_origins, index)


def parse_setting(text: str) -> Path:
    """A path as the user writes it, also with ``settings.`` before it.

    Raises:
        UsageError: if it is no dotted path.
    """
    try:
        return parse_path(text.removeprefix("settings."))
    except ValueError as error:
        raise UsageError(Problem(str(error), hint="configuration.model.depth")) from None


def _only(instance: Instance, path: Path, alone: bool) -> Instance | None:
    """The instance with the settings below one path; an absent path is an error where it is the only one."""
    from dataclasses import replace

    found = at(instance.settings, path)
    if found is not None:
        if isinstance(at(instance.settings, path[:-1]).value, tuple):  # type: ignore[union-attr]
            return _only(instance, path[:-1], alone)
        empty = instance.settings._replace(value={})
        return replace(instance, settings=assign(empty, [str(part) for part in path], found))
    if not alone:
        return None
    raise UsageError(Problem(f"there is no setting '{dotted(path)}' in {instance.key}", hint=_nearest(instance, path)))


def _nearest(instance: Instance, path: Path) -> str:
    """For an absent path: the one that was most likely meant, or the keys that there are."""
    settings = instance.settings
    assert isinstance(settings.value, dict)
    section = next((name for name in settings.value if at(settings, (name, *path)) is not None), None)
    if section:
        return dotted((section, *path))
    above = next(size for size in range(len(path)) if at(settings, path[: size + 1]) is None)
    node = at(settings, path[:above])
    if node is None or not isinstance(node.value, dict):
        return dotted(path[:above])
    meant = nearest(str(path[above]), node.value)
    if meant:
        return dotted((*path[:above], meant, *path[above + 1 :]))
    return one_of([dotted((*path[:above], key)) for key in node.value])


def to_json(instance: Instance) -> dict[str, Any]:
    """The documented shape of ``show --format json``, without its version."""
    origins = {}
    for leaf in leaves(instance.settings):
        entry: dict[str, Any] = {"origin": str(leaf.origin), "layer": leaf.origin.layer}
        if leaf.refers:
            entry["refers"] = [str(origin) for origin in leaf.refers]
        entry["replaced"] = [
            {"origin": str(node.origin), "layer": node.origin.layer, "value": plain(node)} for node in leaf.replaced
        ]
        origins[dotted(leaf.path)] = entry
    return {
        "flow": instance.key.flow, "binding": instance.key.binding, "profile": instance.key.profile,
        "instance": instance.name, "fingerprint": instance.fingerprint, "layers": list(instance.layers),
        "settings": plain(instance.settings), "origins": origins,
    }  # fmt: skip


def _show_text(instance: Instance, path: str | None, no_origins: bool, index: int) -> None:
    shown = [leaf for leaf in leaves(instance.settings) if path or leaf.path[0] not in MADE_SECTIONS]
    if index:
        out()
    out(style(str(instance.key), bold=True) + f"  {instance.name}  {instance.fingerprint}")
    out(style("layers  " + ", ".join(instance.layers), dim=True))
    if not shown:
        note("there is no setting in these layers")
    rows = list(_rows(shown, no_origins))
    widths = [min(60, max((len(text) for text in column), default=0)) for column in ([row[0] for row in rows], [row[1] for row in rows])]
    for name, value, places, faint in rows:
        line = f"{name.ljust(widths[0])}  {value.ljust(widths[1])}  {places}".rstrip()
        out(style(line, dim=True) if faint else line)
    if not path and index == 0:
        note("not shown: what mkflow makes, --path artifact and --path system")


def _rows(shown: Iterable[Leaf], no_origins: bool) -> Iterable[tuple[str, str, str, bool]]:
    for leaf in shown:
        yield one_line(dotted(leaf.path)), inline(leaf.value), "" if no_origins else str(leaf.origin), False
        if no_origins:
            continue
        for origin in leaf.refers:
            yield "", "  from", str(origin), True
        for node in leaf.replaced:
            yield "", f"  was {inline(plain(node))}", str(node.origin), True
