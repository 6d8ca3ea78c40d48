"""``movie-sync config``: the wizard, and settings one by one."""

import json
from typing import Any

import click
import msgspec

from movie_sync.cli import profile
from movie_sync.cli.output import Answer, Talk, answers, on_terminal, styled, without_command
from movie_sync.config import COMMAND_LINE, CONFIG_FILE, FILELIST_FILE, SETTINGS, Config, setting_named, write_settings
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.errors import ConfigError
from movie_sync.lib.addresses import home_folder
from movie_sync.verbs.setting_up import missing


@click.group("config", invoke_without_command=True, short_help="Set it up; show or change settings")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout: what is missing.")
@click.pass_context
def group(ctx: click.Context, *, as_json: bool) -> None:
    """Ask for everything that has to be set, try each answer at once, and write it at the end.

    \b
    Example: movie-sync config
    """  # noqa: D301  click reads the \b
    without_command(ctx, wizard, as_json=as_json)


group.add_command(profile.group)


@group.command("wizard", short_help="The same as without a command")
@answers
def wizard(talk: Talk) -> Answer | None:
    """Ask for everything that has to be set; needs a terminal.

    \b
    Example: movie-sync config wizard
    """  # noqa: D301  click reads the \b
    if talk.as_json or not on_terminal():
        raise _nobody_to_ask()
    from movie_sync.cli.wizard import set_up  # noqa: PLC0415  only where a person is there

    set_up(home_folder())
    return None


def _nobody_to_ask() -> ConfigError:
    """What is still missing, for a script that cannot be asked."""
    config = Config.load()
    lacking = [f"{one.words} ({one.variable})" for one in missing(config, CredentialsManager(config.home))]
    if not config.settings.username:
        lacking.insert(0, f"Letterboxd name ({SETTINGS['username'].variable}; not needed for the CSV export)")
    text = f"Missing: {', '.join(lacking)}." if lacking else "Nothing is missing."
    return ConfigError(
        f"There is no terminal to ask on. {text}",
        hint="Use movie-sync config set KEY VALUE and movie-sync credentials set SERVICE, or the variables.",
    )


def _json_value(value: Any) -> Any:
    return msgspec.to_builtins(value)


@group.command("show", short_help="Every setting with where its value comes from")
@click.argument("key", required=False)
@answers
def show(talk: Talk, *, key: str | None) -> Answer:  # noqa: ARG001
    """Show every setting, or those whose key contains a word, with its value and where that comes from.

    \b
    Example: movie-sync config show qbittorrent
    """  # noqa: D301  click reads the \b
    config = Config.load()
    shown = [setting for setting in SETTINGS.values() if key is None or key in setting.key]
    if not shown:
        message = f"There is no setting with {key!r} in its name."
        raise ConfigError(message, file=COMMAND_LINE, key=key, hint="movie-sync config show lists them.")
    rows = [
        {
            "key": setting.key,
            "value": _json_value(config.value(setting.key)),
            "origin": config.origin(setting.key),
            "default": _json_value(setting.default),
            "file": setting.file,
            "help": setting.help,
        }
        for setting in shown
    ]
    lines = [_line(row) for row in rows]
    decides = f"profile {config.profile.name}" if config.settings.profile else "category_priority"
    data = {"ok": True, "home": str(config.home), "decides": decides, "settings": rows}
    if key is None:
        lines += ["", f"Which release is best is decided by: {decides}"]
    return Answer(data, lines, notes=config.notes)


def _line(row: dict[str, Any]) -> str:
    value = json.dumps(row["value"], ensure_ascii=False)
    changed = row["origin"] != "default"
    return styled(f"{row['key']:36} {value}", bold=changed) + (f"   ({row['origin']})" if changed else "")


@group.command("set", short_help="Change a setting")
@click.argument("key")
@click.argument("value")
@answers
def set_value(talk: Talk, *, key: str, value: str) -> Answer:  # noqa: ARG001
    """Change one setting in its file; a running service takes it within seconds.

    Lists take commas or JSON. The key may be its last part where only one has that.

    \b
    Example: movie-sync config set qbittorrent.port 8081
    """  # noqa: D301  click reads the \b
    setting = setting_named(key)
    # All settings together, as they will be: a value can be right alone and wrong beside another.
    _fits(setting.key, {setting.key: value})
    return _written(setting.key, value)


@group.command("unset", short_help="Set a setting back to its default")
@click.argument("key")
@answers
def unset(talk: Talk, *, key: str) -> Answer:  # noqa: ARG001
    """Take a setting out of its file, so that its default holds.

    \b
    Example: movie-sync config unset first_run
    """  # noqa: D301  click reads the \b
    setting = setting_named(key)
    _fits(setting.key, {})
    return _written(setting.key, None)


def _fits(key: str, overrides: dict[str, str]) -> None:
    """Raise when settings that fit would not after the change; those that do not can be mended one by one."""
    try:
        Config.load(overrides=overrides, replaced=(key,))
    except ConfigError as error:
        if error.file == COMMAND_LINE:
            raise
        try:
            Config.load()
        except ConfigError:
            return
        raise


def _written(key: str, value: str | None) -> Answer:
    home = home_folder()
    write_settings(home, {key: value})
    config = Config.load()
    now = _json_value(config.value(key))
    origin = config.origin(key)
    stronger = f"{origin} goes before the file." if origin.startswith("environment") else ""
    line = f"{key} = {json.dumps(now, ensure_ascii=False)}"
    data = {"ok": True, "key": key, "value": now, "origin": origin}
    return Answer(data, [line], notes=[stronger] if stronger else [])


@group.command("path", short_help="Where everything lies")
@answers
def path(talk: Talk) -> Answer:  # noqa: ARG001
    """Show the home folder and the settings' files in it.

    \b
    Example: movie-sync config path
    """  # noqa: D301  click reads the \b
    home = home_folder()
    files = {"config": home / CONFIG_FILE, "filelist_config": home / FILELIST_FILE}
    data = {"ok": True, "home": str(home), **{name: str(file) for name, file in files.items()}}
    return Answer(
        data, [str(home), *(f"{file}{'' if file.exists() else '   (not there yet)'}" for file in files.values())]
    )
