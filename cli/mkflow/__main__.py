"""Entry point: parse, dispatch, print errors, give the exit code."""

from __future__ import annotations

import os
import sys

import click

from metaflow_extensions.mkflow.compose.errors import MkflowError, Problem, UsageError
from metaflow_extensions.mkflow.version import __version__

from .render import show_problems
from .session import Session

COMMANDS = {
    "init": "a working project: one flow, two bindings, two profiles",
    "list": "the instances: flow, binding, profile, name, orchestrator, schedule, tags",
    "show": "compiled settings, each with its origin and what it replaced",
    "check": "compile and check every instance of every profile; all problems at once",
    "compile": "write the compiled file, print its path",
    "diff": "compare the settings of two instances",
    "run": "run an instance locally through Metaflow, or several at once",
    "plan": "what deploy would do, and why; nothing is written anywhere",
    "deploy": "carry the plan out, several instances at once",
    "status": "what is deployed, by whom, and whether it is what the project says",
    "trigger": "start a run of a deployed instance",
    "runs": "the latest runs of deployed instances",
    "destroy": "take deployed instances away",
    "schedule": "when each instance is scheduled, its next fire times, the week as a chart",
    "graph": "a flow's graph with every decorator as the settings make it",
    "completion": "print the completion script of a shell",
}


class Commands(click.Group):
    """Imports a command when it is named; the list of commands needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order that a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None where there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"mkflow.commands.{cmd_name}_command").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name for a wrong one."""
        from metaflow_extensions.mkflow.compose.spelling import nearest

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            meant = nearest(args[0], COMMANDS)
            raise UsageError(Problem(f"there is no command '{args[0]}'", hint=f"mkflow {meant}" if meant else "mkflow --help"))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line a command, from the table: no module is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Begin with `mkflow init`, or in a project with `mkflow list` and `mkflow show`.",
)
@click.option("--project-dir", metavar="DIR", help="The project, instead of the one that the current folder is in.")
@click.option("--traceback", is_flag=True, help="Show Python's traceback with an error.")
@click.version_option(__version__, message="mkflow %(version)s")
@click.pass_context
def cli(ctx: click.Context, project_dir: str | None, traceback: bool) -> None:
    """Many configured instances of one Metaflow flow."""
    ctx.obj = Session(project_dir, os.environ)
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with the code of design section 8."""
    words = sys.argv[1:] if args is None else args
    stdout = sys.stdout
    try:
        code = cli.main(words, prog_name="mkflow", standalone_mode=False)
    except MkflowError as error:
        if "--traceback" in words:
            raise
        show_problems(error.problems)
        code = error.exit_code
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        code = 130
    except click.ClickException as error:
        show_problems([_usage_problem(error)])
        code = error.exit_code
    except (BrokenPipeError, SystemExit) as error:
        # The reader of our output has gone (`mkflow show | head`); nothing is wrong. click wraps stdout and exits with 1.
        if sys.stdout is stdout and isinstance(error, SystemExit):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _usage_problem(error: click.ClickException) -> Problem:
    """What click says, in our form."""
    from metaflow_extensions.mkflow.compose.spelling import nearest

    context = getattr(error, "ctx", None)
    command = context.command_path if context else "mkflow"
    if isinstance(error, click.NoSuchOption):
        options = [name for param in context.command.params for name in param.opts] if context else []
        meant = nearest(error.option_name, options)
        return Problem(f"there is no option '{error.option_name}'", hint=meant or f"{command} --help")
    message = error.format_message().partition(". Choose from")[0].rstrip(".")
    return Problem(message[:1].lower() + message[1:], hint=f"{command} --help")


if __name__ == "__main__":
    main()
