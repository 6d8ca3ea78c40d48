"""The command line: one file a group of commands, loaded when used; data on stdout, talk on stderr."""

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from movie_sync import __version__
from movie_sync.lib.shortage import shortage

EXIT_FAILED, EXIT_USAGE, EXIT_PERSON, EXIT_LATER, EXIT_NOTHING, EXIT_INTERRUPTED = 1, 2, 3, 4, 5, 130

# Command to module and the name of its click command there.
COMMANDS = {
    "add": ("films", "add"),
    "backup": ("backups", "backup"),
    "blocklist": ("blocklist", "group"),
    "check": ("check", "command"),
    "cleanup": ("cleanup", "group"),
    "completion": ("completion", "command"),
    "config": ("config", "group"),
    "credentials": ("credentials", "group"),
    "demo": ("demo", "command"),
    "diagnose": ("diagnose", "command"),
    "import": ("imports", "command"),
    "library": ("library", "group"),
    "list": ("films", "list_films"),
    "logs": ("logs", "command"),
    "releases": ("releases", "group"),
    "remove": ("films", "remove"),
    "restore": ("backups", "restore"),
    "retry": ("films", "retry"),
    "run": ("run", "command"),
    "search": ("search", "command"),
    "service": ("service", "group"),
    "stats": ("stats", "command"),
    "why": ("why", "command"),
}


class _LazyGroup(click.Group):
    """Finds a command's module only when that command is used or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"movie_sync.cli.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See click.Group; a mistyped command is answered with the one that was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as exc:
            raise click.UsageError(f"{exc.message}{_meant(args[0])}", ctx) from None


def _meant(word: str) -> str:
    import difflib  # noqa: PLC0415  only after a mistake

    near = difflib.get_close_matches(word, COMMANDS, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


@click.group(
    cls=_LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command it runs, like: movie-sync run",
)
@click.option("--stats", "wants_stats", is_flag=True, help="Show the queues and leave, like: movie-sync stats")
@click.option("--config", "wants_config", is_flag=True, help="Set it up, like: movie-sync config")
@click.version_option(__version__, prog_name="Movie Sync")
@click.pass_context
def cli(ctx: click.Context, *, wants_stats: bool, wants_config: bool) -> None:
    """Movie Sync: films from your Letterboxd watchlist, found on your tracker, handed to your torrent client.

    \b
    Example: movie-sync config      asks for everything, once
             movie-sync             works until stopped
    """  # noqa: D301  click reads the \b
    if ctx.invoked_subcommand is None:
        name = "stats" if wants_stats else "config" if wants_config else "run"
        command = cli.get_command(ctx, name)
        if command is not None:
            with command.make_context(name, [], parent=ctx) as inner:
                command.invoke(inner)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code.

    0 fine, 1 failed, 2 usage, 3 needs the user, 4 temporary, 5 nothing found, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        # A sign, or a byte of a file's name, that the terminal cannot show is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(arguments)
    except BrokenPipeError:
        code = EXIT_FAILED
    except OSError as exc:
        with contextlib.suppress(OSError):
            click.echo(f"The answer cannot be written ({exc.strerror}).", err=True)
        _drop_what_is_left()
        code = EXIT_FAILED
    except (MemoryError, RuntimeError) as exc:
        if (words := shortage(exc)) is None:
            raise
        click.echo(words, err=True)
        code = EXIT_FAILED
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    as_json = "--json" in (sys.argv[1:] if arguments is None else arguments)
    try:
        # Without standalone mode click hands back the code of an Exit, or what the command returned: nothing.
        return cli.main(arguments, prog_name="movie-sync", standalone_mode=False) or 0
    except click.ClickException as exc:
        _show(exc, as_json)
        return EXIT_USAGE if isinstance(exc, click.UsageError) else exc.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return EXIT_INTERRUPTED


def _drop_what_is_left() -> None:
    """Python writes at its end what is left in its buffer, and complains when that fails too."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _show(exc: click.ClickException, as_json: bool) -> None:
    if not as_json:
        exc.show()
        return
    from movie_sync.cli.output import print_error  # noqa: PLC0415  only after a mistake

    context = exc.ctx if isinstance(exc, click.UsageError) else None
    print_error("usage", exc.format_message(), f"{context.command_path} --help" if context else "")
