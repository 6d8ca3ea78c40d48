"""``movie-sync completion``: commands, options and films completed by the shell."""

import click
from click.shell_completion import get_completion_class

from movie_sync.cli.output import Answer, Talk, answers

_SHELLS = ("bash", "zsh", "fish")
_WHERE = {
    "bash": "movie-sync completion bash > ~/.local/share/bash-completion/completions/movie-sync",
    "zsh": "movie-sync completion zsh > ~/.zfunc/_movie-sync   (with fpath+=~/.zfunc before compinit)",
    "fish": "movie-sync completion fish > ~/.config/fish/completions/movie-sync.fish",
}

# click's script for bash offers words as they are: a title has blanks and brackets, which bash would read as its own.
_PLAIN = "COMPREPLY+=($value)"
_QUOTED = """[[ ${COMP_WORDS[COMP_CWORD]} == [\\"\\']* ]] || printf -v value %q "$value"
            COMPREPLY+=("$value")"""


@click.command(short_help="Print a shell's completion script")
@click.argument("shell", type=click.Choice(_SHELLS))
@answers
def command(talk: Talk, *, shell: str) -> Answer:  # noqa: ARG001
    """Print the script that lets a shell complete commands, options and films.

    \b
    Example: movie-sync completion bash > ~/.local/share/bash-completion/completions/movie-sync
    """  # noqa: D301  click reads the \b
    from movie_sync.cli import cli  # noqa: PLC0415  it imports this module

    found = get_completion_class(shell)
    script = "" if found is None else found(cli, {}, "movie-sync", "_MOVIE_SYNC_COMPLETE").source()
    script = script.replace(_PLAIN, _QUOTED)
    return Answer({"ok": True, "script": script, "install": _WHERE[shell]}, [script])
