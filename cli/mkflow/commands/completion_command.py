"""``mkflow completion``."""

from __future__ import annotations

import click

from ..render import out


@click.command(
    "completion",
    epilog="Examples: eval \"$(mkflow completion bash)\", mkflow completion zsh > ~/.zfunc/_mkflow, "
    "mkflow completion fish > ~/.config/fish/completions/mkflow.fish",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell: commands, flows, bindings, profiles, setting paths."""
    from click.shell_completion import get_completion_class

    from ..__main__ import cli

    kind = get_completion_class(shell)
    assert kind is not None
    out(kind(cli, {}, "mkflow", "_MKFLOW_COMPLETE").source())
