"""Options that several commands share, with completion."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from metaflow_extensions.mkflow.compose.errors import MkflowError

from .session import Selection, Session

Command = TypeVar("Command", bound=Callable[..., Any])


def _session(ctx: click.Context) -> Session:
    import os

    found = ctx.find_object(Session)
    return found or Session(ctx.find_root().params.get("project_dir"), os.environ)


def _completer(names: Callable[[Session], list[str]]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Completion from the project; where the project is wrong there is nothing to offer."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        try:
            return [name for name in names(_session(ctx)) if name.startswith(incomplete)]
        except MkflowError:
            return []

    return complete


def _instances(session: Session) -> list[str]:
    project = session.project
    flows = list(project.flows)
    pairs = [f"{flow.name}/{binding}" for flow in project.flows.values() for binding in flow.bindings]
    return [*flows, *pairs, *(f"{name}@{profile}" for name in (*flows, *pairs) for profile in project.profiles)]


def _bindings(session: Session) -> list[str]:
    return sorted({binding for flow in session.project.flows.values() for binding in flow.bindings})


def _profiles(session: Session) -> list[str]:
    return sorted(session.project.profiles)


def _tags(session: Session) -> list[str]:
    return sorted({tag for binding in session.project.bindings.values() for tag in binding.tags})


def _files(session: Session) -> list[str]:
    return sorted({file.path for files in session.project.files.values() for file in files})


def _paths(session: Session) -> list[str]:
    """Paths of settings: those of all instances of the profile in force."""
    from metaflow_extensions.mkflow.compose.tree import dotted, leaves

    found: dict[str, None] = {}
    for outcome in session.composer().outcomes(session.keys(Selection())):
        if outcome.instance:
            found.update(dict.fromkeys(dotted(leaf.path) for leaf in leaves(outcome.instance.settings)))
    prefixes = {".".join(path.split(".")[:size]) for path in found for size in range(1, path.count(".") + 1)}
    return sorted({*found, *prefixes})


complete_paths = _completer(_paths)
complete_instances = _completer(_instances)


def selection(function: Command) -> Command:
    """Adds SELECTOR... and the options that narrow it; the command gets one ``selection``."""

    @click.argument("selectors", nargs=-1, metavar="[SELECTOR]...", shell_complete=_completer(_instances))
    @click.option("-b", "--binding", "bindings", multiple=True, metavar="GLOB", help="Only these bindings.",
                  shell_complete=_completer(_bindings))
    @click.option("-p", "--profile", "profiles", multiple=True, metavar="GLOB", help="Only these profiles.",
                  shell_complete=_completer(_profiles))
    @click.option("--tag", "tags", multiple=True, metavar="GLOB", help="Only bindings with one of these tags.",
                  shell_complete=_completer(_tags))
    @click.option("--reads", metavar="FILE", help="Only instances whose settings this file takes part in.",
                  shell_complete=_completer(_files))
    @click.option("--since", metavar="REV", help="Only instances whose settings or code differ from this commit.")
    @functools.wraps(function)
    def wrapped(*, selectors: tuple[str, ...], bindings: tuple[str, ...], profiles: tuple[str, ...],
                tags: tuple[str, ...], reads: str | None, since: str | None, **rest: Any) -> Any:  # fmt: skip
        return function(selection=Selection(selectors, bindings, profiles, tags, reads, since), **rest)

    return wrapped  # type: ignore[return-value]


def assignments(function: Command) -> Command:
    """Adds ``--set`` and ``--allow-overrides``."""
    help_text = "Set one value: a.b=v (exists), +a.b=v (new), ++a.b=v (either), ~a.b (remove)."
    for option in (
        click.option("--allow-overrides", is_flag=True, help="Let --set reach a production profile."),
        click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help=help_text, shell_complete=complete_paths),
    ):
        function = option(function)
    return function


def output_format(*kinds: str) -> Callable[[Command], Command]:
    """Adds ``--format``; the first kind is the default."""
    return click.option(
        "--format", "kind", type=click.Choice(kinds), default=kinds[0], show_default=True, help="The form of the result."
    )


pass_session = click.make_pass_decorator(Session)
