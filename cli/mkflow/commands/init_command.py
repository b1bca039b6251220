"""``mkflow init``."""

from __future__ import annotations

import pathlib
import re
import shlex
from importlib.resources import files

import click

from metaflow_extensions.mkflow.compose.errors import OutsideError, Problem, UsageError
from metaflow_extensions.mkflow.compose.tree import Origin

from ..render import note, out

TEMPLATE = (
    "mkflow.yaml",
    "flows/training.py",
    "settings/settings.configuration.yaml",
    "settings/settings.configuration.SMALL.yaml",
    "settings/settings.configuration.LARGE.yaml",
    "settings/settings.environment.yaml",
    "settings/settings.environment@prod.yaml",
    "gitignore",
)


@click.command("init", epilog="Example: mkflow init my-project")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=pathlib.Path))
@click.option("--name", help="The name of the project; that of the folder if not given.")
def command(folder: pathlib.Path, name: str | None) -> None:
    """Make a working project: one flow, two bindings, two profiles. No file is overwritten."""
    project = name or re.sub(r"[^A-Za-z0-9_-]+", "-", folder.resolve().name).strip("-_") or "project"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", project):
        raise UsageError(Problem(f"'{project}' is not a name", hint="--name with letters, digits, '_' and '-'"))
    targets = {entry: folder / (".gitignore" if entry == "gitignore" else entry) for entry in TEMPLATE}
    present = [target for entry, target in targets.items() if target.exists() and entry != "gitignore"]
    if present:
        raise UsageError(Problem("there is something here already", (), tuple(Origin(str(file)) for file in present), "mkflow init DIR"))
    source = files("mkflow") / "template"
    try:
        for entry, target in targets.items():
            if target.exists():
                note(f"kept {target}; it should have the line .mkflow/")
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text((source / entry).read_text("utf-8").replace("PROJECT", project), "utf-8")
            out(str(target))
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        raise OutsideError(Problem(f"'{folder}' cannot be written: {words}")) from None
    here = "" if folder.resolve() == pathlib.Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    note(f"next: {here}mkflow show --binding SMALL, then mkflow run --binding SMALL")
