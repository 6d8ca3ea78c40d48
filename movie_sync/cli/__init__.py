"""The command line: one file a group of commands, loaded when used; data on stdout, talk on stderr."""

import importlib
import sys
from typing import NoReturn

import click

from movie_sync import __version__

EXIT_FAILED, EXIT_USAGE, EXIT_PERSON, EXIT_LATER, EXIT_NOTHING, EXIT_INTERRUPTED = 1, 2, 3, 4, 5, 130

# Command to the module that has it as a click command of the same name.
_COMMANDS = {
    "demo": "movie_sync.cli.demo",
    "import": "movie_sync.cli.imports",
    "run": "movie_sync.cli.run",
    "stats": "movie_sync.cli.stats",
}


class _LazyGroup(click.Group):
    """Finds a command's module only when that command is used or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command


@click.group(
    cls=_LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command it runs, like: movie-sync run",
)
@click.option("--stats", "wants_stats", is_flag=True, help="Show the queues and leave, like: movie-sync stats")
@click.version_option(__version__, prog_name="Movie Sync")
@click.pass_context
def cli(ctx: click.Context, *, wants_stats: bool) -> None:
    """Movie Sync: films from your Letterboxd watchlist, found on your tracker, handed to your torrent client."""
    if ctx.invoked_subcommand is None:
        name = "stats" if wants_stats else "run"
        command = cli.get_command(ctx, name)
        if command is not None:
            with command.make_context(name, [], parent=ctx) as inner:
                command.invoke(inner)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code.

    0 fine, 1 failed, 2 usage, 3 needs the user, 4 temporary, 5 nothing found, 130 interrupted.
    """
    code = 0
    try:
        # Without standalone mode click hands back the code of an Exit, or what the command returned: nothing.
        code = cli.main(arguments, standalone_mode=False) or 0
    except click.UsageError as exc:
        exc.show()
        code = EXIT_USAGE
    except click.ClickException as exc:
        exc.show()
        code = exc.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        code = EXIT_FAILED
    sys.exit(code)
