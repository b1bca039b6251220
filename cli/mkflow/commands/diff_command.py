"""``mkflow diff``."""

from __future__ import annotations

from typing import Any

import click

from metaflow_extensions.mkflow.compose.errors import Problem, UsageError
from metaflow_extensions.mkflow.compose.model import MADE_SECTIONS, Instance
from metaflow_extensions.mkflow.compose.select import one_of
from metaflow_extensions.mkflow.compose.tree import Leaf, compare

from ..options import complete_instances, output_format, pass_session
from ..render import as_json, inline, note, one_line, out, plural, style
from ..session import Selection, Session


@click.command("diff", epilog="Examples: mkflow diff training/EXP_01 training/EXP_02, mkflow diff training/EXP_01@dev training/EXP_01@prod")
@click.argument("left", metavar="A", shell_complete=complete_instances)
@click.argument("right", metavar="B", shell_complete=complete_instances)
@click.option("--exit-code", is_flag=True, help="Exit with 5 if the two differ.")
@output_format("text", "json")
@pass_session
@click.pass_context
def command(ctx: click.Context, session: Session, left: str, right: str, exit_code: bool, kind: str) -> None:
    """Compare the settings of two instances, each written as a selector that matches one."""
    composer = session.composer()
    one, two = (composer.instance(_only_key(session, text)) for text in (left, right))
    rows = differences(one, two)
    if kind == "json":
        as_json({"left": str(one.key), "right": str(two.key), "differences": rows})
    else:
        _show(one, two, rows)
    ctx.exit(5 if rows and exit_code else 0)


def _only_key(session: Session, text: str) -> Any:
    if ":" in text:
        word = text.partition(":")[0]
        raise UsageError(Problem(f"'{word}:' cannot be compared with yet", hint="FLOW/BINDING@PROFILE"))
    keys = session.keys(Selection(selectors=(text,)))
    if len(keys) > 1:
        summary = f"'{text}' is {plural(len(keys), 'instance')}, and one is compared with one"
        raise UsageError(Problem(summary, hint=one_of([str(key) for key in keys])))
    return keys[0]


def differences(left: Instance, right: Instance) -> list[dict[str, Any]]:
    """The settings that differ, in the order of the left instance, then what only the right one has.

    Returns:
        For each: ``path``, and ``left`` and ``right`` with ``value`` and ``origin``, or None where absent.
    """
    return [
        {"path": path, "left": _side(one), "right": _side(two)}
        for path, one, two in compare(left.settings, right.settings, MADE_SECTIONS)
    ]


def _side(leaf: Leaf | None) -> dict[str, Any] | None:
    return None if leaf is None else {"value": leaf.value, "origin": str(leaf.origin)}


def _show(left: Instance, right: Instance, rows: list[dict[str, Any]]) -> None:
    if not rows:
        note(f"{left.key} and {right.key} have the same settings")
        return
    out(style(f"- {left.key}", fg="red"))
    out(style(f"+ {right.key}", fg="green"))
    width = max(len(inline(side["value"])) for row in rows for side in (row["left"], row["right"]) if side)
    for row in rows:
        out(one_line(row["path"]))
        for sign, side, colour in (("-", row["left"], "red"), ("+", row["right"], "green")):
            if side is not None:
                out(style(f"  {sign} {inline(side['value']).ljust(min(width, 50))}", fg=colour) + f"  {side['origin']}")
