"""``movie-sync demo``: the main job with no account, in a small world on loopback."""

from pathlib import Path

import click

from movie_sync.cli.output import Answer, Talk, answers


@click.command(short_help="Show the whole job, with no account")
@click.option(
    "--client",
    type=click.Choice(["builtin", "qbittorrent"]),
    default="builtin",
    show_default=True,
    help="Who downloads: libtorrent in the program (public torrents), or qbittorrent-nox (private ones).",
)
@click.option("--keep", is_flag=True, help="Keep the demo's folder, to look into it.")
@click.option("--picture", type=click.Path(path_type=Path, dir_okay=False), help="Draw what is shown into an SVG file.")
@answers
def command(talk: Talk, *, client: str, keep: bool, picture: Path | None) -> Answer:
    """Show the whole job on a dozen films: no account, nothing outside this machine.

    \b
    Example: movie-sync demo --client qbittorrent
    """  # noqa: D301  click reads the \b
    from movie_sync.demo.show import run  # noqa: PLC0415  what --help need not load

    shown = run(client, keep=keep, picture=picture, quiet=talk.as_json)
    return Answer({"ok": shown.code == 0, **shown.data}, code=shown.code)
