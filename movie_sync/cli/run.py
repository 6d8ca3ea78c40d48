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
from movie_sync.cli.log_set_up import start_logging
from movie_sync.cli.output import Answer, Talk, answers, asker, exit_code, on_terminal
from movie_sync.config import Config
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.errors import CredentialsError, MovieSyncError, Stopping
from movie_sync.lib.addresses import home_folder
from movie_sync.verbs.setting_up import missing, never_set_up

log = logging.getLogger(__name__)

_LAST_S = 4.8


def _stop_on_signals(app: App, *, once: bool) -> None:
    """The first SIGTERM or Ctrl-C asks for a clean end within five seconds, the second leaves at once."""
    asked = False

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the signal module's signature
        nonlocal asked
        if asked:
            os._exit(EXIT_INTERRUPTED)
        asked = True
        # Not in this thread: it may hold the lock of the very event at this moment, and would wait for itself.
        threading.Thread(target=app.stop, name="stop", daemon=True).start()
        # Whatever a request or a client does meanwhile: every effect is crash-safe.
        last = threading.Timer(_LAST_S, os._exit, [EXIT_INTERRUPTED if once else 0])
        last.daemon = True
        last.start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)


@click.command(short_help="Work until stopped, or one pass (--once)")
@click.option("--once", is_flag=True, help="One whole pass, then leave: 0 fine, 3 needs you, 4 a service was down.")
@answers
def command(talk: Talk, *, once: bool) -> Answer:
    """Watch the watchlist, find films, hand them over; until stopped, or once.

    \b
    Example: movie-sync run --once --json
    """  # noqa: D301  click reads the \b
    if on_terminal() and not talk.as_json and never_set_up(home_folder(), os.environ):
        from movie_sync.cli.wizard import set_up  # noqa: PLC0415  only the first time

        click.echo("Movie Sync is not set up yet. (Ctrl-C leaves; nothing is written before the end.)", err=True)
        set_up(home_folder())
    stop = threading.Event()
    config = Config.load()
    start_logging(
        config.home,
        "DEBUG" if talk.verbose else config.settings.log_level,
        on_stderr=not talk.as_json,
        file=talk.log_file,
    )
    for note in config.notes:
        log.warning("%s", note)
    try:
        return _work(talk, config, stop, once=once)
    except MovieSyncError as error:
        if talk.as_json:
            raise
        # In the log too, for a service that nobody watches; the terminal shows it once, as a line of that.
        log.error("%s", error)  # noqa: TRY400  it says all there is to say
        raise click.exceptions.Exit(exit_code(error)) from None


def _work(talk: Talk, config: Config, stop: threading.Event, *, once: bool) -> Answer:
    credentials = CredentialsManager(config.home)
    ask = None if talk.as_json else asker()
    if ask is None and (lacking := missing(config, credentials)):
        raise CredentialsError(
            f"Missing: {', '.join(one.words for one in lacking)}.",
            hint="Set it up on a terminal: movie-sync config; or set"
            f" {', '.join(one.variable for one in lacking)} (or the same with _FILE).",
            code="credentials_missing",
        )
    with App(config, credentials, stop, ask) as app:
        _stop_on_signals(app, once=once)
        if not once:
            app.run()
            return Answer({"ok": True, "message": "Stopped."})
        outcome = _once(app)
    if outcome is None:
        raise click.exceptions.Exit(EXIT_INTERRUPTED)
    words = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in outcome.counts.items())
    return Answer(outcome.counts, [f"Films: {words}."], outcome.exit_code, outcome.troubles)


def _once(app: App) -> Outcome | None:
    """One pass; None when it was told to stop in the middle."""
    with contextlib.suppress(Stopping):
        return app.run_once()
    return None
