"""``movie-sync demo``: the main job with no account, in a small world on loopback."""

import click

from movie_sync.cli.output import answering


@click.command(short_help="Show the whole job, with no account")
@click.option(
    "--client",
    type=click.Choice(["builtin", "qbittorrent"]),
    default="builtin",
    show_default=True,
    help="Who downloads: libtorrent in the program (public torrents), or qbittorrent-nox (private ones).",
)
@click.option("--keep", is_flag=True, help="Keep the demo's folder, to look into it.")
def command(*, client: str, keep: bool) -> None:
    """Show the whole job on a dozen films: no account, nothing outside this machine.

    \b
    Example: movie-sync demo --client qbittorrent
    """  # noqa: D301  click reads the \b
    from movie_sync.demo.show import run  # noqa: PLC0415  what --help need not load

    with answering(as_json=False):
        code = run(client, keep=keep)
    raise click.exceptions.Exit(code)
