"""``movie-sync run``: the service, or one whole pass."""

import contextlib
import logging
import os
import signal
import threading
from types import FrameType

import click

from movie_sync.app import App, Outcome
from movie_sync.cli import EXIT_INTERRUPTED
from movie_sync.cli.logs import start_logging
from movie_sync.cli.output import answering, asker, print_json
from movie_sync.config import Config
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.errors import Stopping

log = logging.getLogger(__name__)

_LAST_S = 4.8


def _stop_on_signals(app: App, stop: threading.Event, *, once: bool) -> None:
    """The first SIGTERM or Ctrl-C asks for a clean end within five seconds, the second leaves at once."""

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the signal module's signature
        if stop.is_set():
            os._exit(EXIT_INTERRUPTED)
        app.stop()
        # Whatever a request or a client does meanwhile: every effect is crash-safe.
        last = threading.Timer(_LAST_S, os._exit, [EXIT_INTERRUPTED if once else 0])
        last.daemon = True
        last.start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)


@click.command(short_help="Work until stopped, or one pass (--once)")
@click.option("--once", is_flag=True, help="One whole pass, then leave: 0 fine, 3 needs you, 4 a service was down.")
@click.option("--json", "as_json", is_flag=True, help="With --once: what was done, as one JSON object.")
@click.option("--verbose", is_flag=True, help="Log more.")
def command(*, once: bool, as_json: bool, verbose: bool) -> None:
    """Watch the watchlist, find films, hand them over; until stopped, or once.

    \b
    Example: movie-sync run --once --json
    """  # noqa: D301  click reads the \b
    if as_json and not once:
        raise click.UsageError("--json goes with --once.")
    stop = threading.Event()
    with answering(as_json):
        config = Config.load()
        start_logging(config.home, "DEBUG" if verbose else config.settings.log_level, on_stderr=not as_json)
        for note in config.notes:
            log.warning("%s", note)
        with App(config, CredentialsManager(config.home), stop, asker()) as app:
            _stop_on_signals(app, stop, once=once)
            if not once:
                app.run()
                return
            outcome = _once(app)
    if outcome is None:
        raise click.exceptions.Exit(EXIT_INTERRUPTED)
    _tell(outcome, as_json)
    raise click.exceptions.Exit(outcome.exit_code)


def _once(app: App) -> Outcome | None:
    """One pass; None when it was told to stop in the middle."""
    with contextlib.suppress(Stopping):
        return app.run_once()
    return None


def _tell(outcome: Outcome, as_json: bool) -> None:
    for trouble in outcome.troubles:
        click.echo(trouble, err=True)
    if as_json:
        print_json(outcome.counts)
        return
    words = (f"{count} {name.replace('_', ' ')}" for name, count in outcome.counts.items())
    click.echo(f"Films: {', '.join(words)}.")
