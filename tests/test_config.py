"""Settings: which layer wins, what is refused and how the error says so, and that no file is ever spoilt."""

import json
import stat
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import movie_sync.config
from movie_sync.config import CONFIG_FILE, FILELIST_FILE, SETTINGS, Config, Setting, setting_named, write_settings
from movie_sync.errors import ConfigError
from movie_sync.lib.addresses import home_folder

LOOPBACK = "http://127.0.0.1:8080"


def write(home: Path, file: str, content: object) -> bytes:
    """Write a settings file, a text as it is, else as JSON; returns its bytes."""
    text = content if isinstance(content, str) else json.dumps(content)
    (home / file).write_text(text, encoding="utf-8")
    return text.encode()


def load(
    home: Path,
    config: object = None,
    filelist: object = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Config:
    for file, content in ((CONFIG_FILE, config), (FILELIST_FILE, filelist)):
        if content is not None:
            write(home, file, content)
    return Config.load(home, environment=environment or {}, overrides=overrides)


def refused(home: Path, **layers: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(home, **layers)
    return caught.value


# -- the table


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_every_setting_has_a_default_that_is_allowed_a_sentence_and_bounds_in_words(
    setting: Setting, home: Path
) -> None:
    config = load(home)
    assert config.value(setting.key) == setting.default
    assert config.origin(setting.key) == "default"
    assert setting.help.endswith((".", '".'))
    assert setting.allowed
    assert setting.variable == "MOVIE_SYNC_" + setting.key.replace(".", "_").upper()


def test_no_two_settings_share_a_variable() -> None:
    assert len({setting.variable for setting in SETTINGS.values()}) == len(SETTINGS)


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("max_retries", "a whole number from 0 to 100"),
        ("backoff_multiplier", "a number from 1 to 10"),
        ("client", 'one of "qbittorrent", "builtin", "none"'),
        ("keep_torrent_files", "true or false"),
        ("library_directories", "a list of texts"),
        ("category_priority", 'a list of {"id", "name", "priority"}, at least one'),
        ("filelist_url", "an http:// or https:// address"),
        ("builtin_listen", 'an address and a port such as "0.0.0.0:6881"'),
        ("qbittorrent.host", "a text that is not empty"),
        ("username", "a text"),
        ("first_run", '"all", "new", or a number from 1'),
        ("max_active_downloads", "a whole number from 0 to 10000"),
    ],
)
def test_what_is_allowed_is_said_in_words(key: str, allowed: str) -> None:
    assert SETTINGS[key].allowed == allowed


def test_without_files_everything_is_the_default_and_nothing_is_written(home: Path) -> None:
    config = load(home)
    assert config.notes == ()
    assert config.settings.api_calls_per_hour == 120
    assert config.filelist.qbittorrent.port == 8080
    assert list(home.iterdir()) == []


def test_a_missing_home_is_not_made_by_reading(tmp_path: Path) -> None:
    load(tmp_path / "none")
    assert not (tmp_path / "none").exists()


# -- home


def test_home_is_where_the_variable_says_else_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home_folder({}) == tmp_path / ".movie_sync"
    assert home_folder({"MOVIE_SYNC_HOME": "  "}) == tmp_path / ".movie_sync"
    assert home_folder({"MOVIE_SYNC_HOME": "~/films"}) == tmp_path / "films"
    monkeypatch.chdir(tmp_path)
    assert home_folder({"MOVIE_SYNC_HOME": "here"}) == tmp_path / "here"


def test_a_home_of_nobody_is_told_in_a_sentence() -> None:
    with pytest.raises(ConfigError, match="~nobody-here/films cannot be found") as caught:
        home_folder({"MOVIE_SYNC_HOME": "~nobody-here/films"})
    assert caught.value.hint


def test_load_finds_its_home_by_the_environment(home: Path) -> None:
    write(home, CONFIG_FILE, {"username": "ion"})
    config = Config.load(environment={"MOVIE_SYNC_HOME": str(home)})
    assert (config.home, config.settings.username) == (home, "ion")


# -- layers


def test_the_command_line_wins_over_the_environment_over_the_file_over_the_default(home: Path) -> None:
    key, variable = "max_retries", "MOVIE_SYNC_MAX_RETRIES"
    layers: list[tuple[dict[str, Any], int, str]] = [
        ({}, 5, "default"),
        ({"config": {key: 1}}, 1, "config.json"),
        ({"environment": {variable: "2"}}, 2, f"environment variable {variable}"),
        ({"overrides": {key: "3"}}, 3, "command line"),
    ]
    given_so_far: dict[str, Any] = {}
    for layer, value, origin in layers:
        given_so_far |= layer
        config = load(home, **given_so_far)
        assert (config.value(key), config.origin(key)) == (value, origin)


def test_layers_are_laid_over_each_other_setting_by_setting(home: Path) -> None:
    config = load(
        home,
        {"username": "ion", "max_retries": 1},
        {"qbittorrent": {"host": "box", "port": 1}},
        {"MOVIE_SYNC_QBITTORRENT_PORT": "2"},
        {"qbittorrent.category": "Filme"},
    )
    qbittorrent = config.filelist.qbittorrent
    assert (config.settings.username, config.settings.max_retries) == ("ion", 1)
    assert (qbittorrent.host, qbittorrent.port, qbittorrent.category) == ("box", 2, "Filme")
    assert config.origin("qbittorrent.host") == "filelist_config.json"
    assert config.origin("qbittorrent.tags") == "default"


def test_an_override_that_stands_above_a_wrong_file_does_not_hide_the_mistake(home: Path) -> None:
    error = refused(home, config={"max_retries": -1}, overrides={"max_retries": "3"})
    assert error.file == str(home / CONFIG_FILE)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("keep_torrent_files", "TRUE", True),
        ("keep_torrent_files", "1", True),
        ("keep_torrent_files", "Yes", True),
        ("qbittorrent.enabled", "false", False),
        ("qbittorrent.enabled", "0", False),
        ("qbittorrent.enabled", "no", False),
        ("max_retries", " 7 ", 7),
        ("retry_interval", "90.5", 90.5),
        ("check_interval", "60", 60),
        ("client", "none", "none"),
        ("username", "  ion  ", "ion"),
        ("username", "", ""),
        ("library_directories", "/films, /more films ,", ("/films", "/more films")),
        ("library_directories", '["/films, old", "/new"]', ("/films, old", "/new")),
        ("library_directories", "", ()),
        ("qbittorrent.tags", "a,b", "a,b"),
    ],
)
def test_texts_of_environment_and_command_line_become_the_settings_type(
    key: str, text: str, value: object, home: Path
) -> None:
    assert load(home, environment={SETTINGS[key].variable: text}).value(key) == value
    assert load(home, overrides={key: text}).value(key) == value


def test_categories_can_come_from_the_environment_as_json(home: Path) -> None:
    text = '[{"id": 4, "name": "Filme HD", "priority": 1}]'
    config = load(home, environment={"MOVIE_SYNC_CATEGORY_PRIORITY": text})
    assert [category.id for category in config.filelist.category_priority] == [4]


def test_a_file_may_begin_with_a_byte_order_mark(home: Path) -> None:
    (home / CONFIG_FILE).write_bytes(b'\xef\xbb\xbf{"username": "ion"}')
    assert load(home).settings.username == "ion"


def test_texts_are_trimmed(home: Path) -> None:
    config = load(home, {"username": " ion\n"}, {"qbittorrent": {"host": " box "}})
    assert (config.settings.username, config.filelist.qbittorrent.host) == ("ion", "box")


def test_a_setting_nobody_knows_has_no_value(home: Path) -> None:
    with pytest.raises(KeyError):
        load(home).value("max_retrys")


# -- wrong values

# Wrong in a file, which has types; a text of the command line is read as the setting's type.
TEXTS: list[tuple[str, object]] = [
    ("max_retries", "5"),
    ("library_directories", "/films"),
    ("keep_torrent_files", "yes"),
]
WRONG: list[tuple[str, object]] = [
    *TEXTS,
    ("max_retries", 5.5),
    ("max_retries", True),
    ("max_retries", None),
    ("max_retries", -1),
    ("max_retries", 101),
    ("check_interval", 0),
    ("check_interval", "often"),
    ("backoff_multiplier", 0.5),
    ("retry_interval", 31 * 86400 + 1),
    ("username", 7.5),
    ("username", True),
    ("username", ["ion"]),
    ("username", {"name": "ion"}),
    ("first_run", "some"),
    ("first_run", "All"),
    ("first_run", ""),
    ("first_run", "0"),
    ("first_run", "007"),
    ("first_run", "-3"),
    ("first_run", "1.5"),
    ("first_run", "10000000"),
    ("first_run", "5\n6"),
    ("first_run", "٣"),
    ("first_run", 0),
    ("first_run", -3),
    ("first_run", 1.5),
    ("first_run", True),
    ("first_run", None),
    ("first_run", 10**7),
    ("max_active_downloads", -1),
    ("max_active_downloads", 10_001),
    ("max_active_downloads", 1.5),
    ("max_active_downloads", "all"),
    ("download_directory", ""),
    ("library_directories", [1]),
    ("client", "transmission"),
    ("queue_order", "Newest"),
    ("log_level", "TRACE"),
    ("letterboxd_url", "letterboxd.com"),
    ("filelist_url", "ftp://filelist.io"),
    ("builtin_listen", "6881"),
    ("qbittorrent.port", 65536),
    ("qbittorrent.port", 0),
    ("qbittorrent.host", ""),
    ("qbittorrent.enabled", 1),
    ("download_preferences.minimum_seeders", -1),
    ("category_priority", []),
    ("category_priority", [{"id": 4}]),
    ("category_priority", [{"id": 0, "name": "x", "priority": 1}]),
    ("category_priority", {"id": 4}),
]


def nested(key: str, value: object) -> dict[str, Any]:
    section, _, name = key.rpartition(".")
    return {section: {name: value}} if section else {name: value}


def in_its_file(key: str, value: object) -> dict[str, Any]:
    return {"config" if SETTINGS[key].file == CONFIG_FILE else "filelist": nested(key, value)}


@pytest.mark.parametrize(("key", "value"), WRONG, ids=str)
def test_a_wrong_value_names_file_key_value_and_what_is_allowed(key: str, value: object, home: Path) -> None:
    error = refused(home, **in_its_file(key, value))
    path = str(home / SETTINGS[key].file)
    assert (error.file, error.key) == (path, key)
    for named in (path, key, json.dumps(value, ensure_ascii=False), SETTINGS[key].allowed):
        assert named in error.message


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("key", ["check_interval", "filelist_delay", "stalled_after"])
def test_a_number_that_is_none_is_refused(key: str, value: str, home: Path) -> None:
    assert refused(home, config=f'{{"{key}": {value}}}').key == key
    (home / CONFIG_FILE).unlink()
    assert refused(home, environment={SETTINGS[key].variable: value}).key == key


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("max_retries", "many"),
        ("max_retries", "2.5"),
        ("check_interval", "1 week"),
        ("keep_torrent_files", "maybe"),
        ("client", "deluge"),
        ("library_directories", "[1, 2]"),
        ("library_directories", '{"a": 1}'),
        ("category_priority", "4,6"),
        ("qbittorrent.port", "http"),
    ],
)
def test_a_wrong_text_names_its_variable_or_the_command_line(key: str, text: str, home: Path) -> None:
    setting = SETTINGS[key]
    for error, where in (
        (refused(home, environment={setting.variable: text}), f"environment variable {setting.variable}"),
        (refused(home, overrides={key: text}), "command line"),
    ):
        assert (error.file, error.key) == (where, key)
        assert error.message.startswith(f"{where}: {key} is ")
        assert setting.allowed in error.message


def test_a_long_wrong_value_is_shown_by_its_beginning(home: Path) -> None:
    error = refused(home, config={"library_directories": {"x": "y" * 10_000}})
    assert '{"x": "yyy' in error.message
    assert len(error.message) < 300


@pytest.mark.parametrize("key", ["download_directory", "qbittorrent.host"])
def test_blanks_alone_are_an_empty_text(key: str, home: Path) -> None:
    assert refused(home, **in_its_file(key, "  ")).key == key


@pytest.mark.parametrize("url", ["http://[::1", "http://ho st", "http://127.0.0.1:port", "http://127.0.0.1:99999"])
@pytest.mark.parametrize("key", ["filelist_url", "letterboxd_url"])
def test_an_address_no_request_could_use_is_refused(key: str, url: str, home: Path) -> None:
    assert refused(home, config={key: url}).key == key


@pytest.mark.parametrize("listen", ["1.2.3.4:99999", "...:6881"])
def test_an_address_nobody_could_listen_on_is_refused(listen: str, home: Path) -> None:
    assert refused(home, config={"builtin_listen": listen}).key == "builtin_listen"


@pytest.mark.parametrize("value", [False, "no", [1], None, 3])
@pytest.mark.parametrize("section", ["qbittorrent", "download_preferences"])
def test_a_section_that_is_no_object_is_refused(section: str, value: object, home: Path) -> None:
    error = refused(home, filelist={section: value})
    assert error.file == str(home / FILELIST_FILE)
    assert section in error.message
    assert json.dumps(value) in error.message


def fits(setting: Setting) -> st.SearchStrategy[Any]:
    """Values that a setting allows by itself."""
    kind, meta = get_args(setting.type)[:2]
    if setting.allowed.startswith("one of"):
        return st.sampled_from(json.loads(f"[{setting.allowed.removeprefix('one of ')}]"))
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.integers(min_value=meta.ge, max_value=meta.le)
    return st.floats(min_value=meta.ge, max_value=meta.le)


BOUNDED = [key for key, setting in SETTINGS.items() if setting.allowed.startswith(("a number", "a whole", "one", "tr"))]


@given(st.sampled_from(BOUNDED).flatmap(lambda key: st.tuples(st.just(key), fits(SETTINGS[key]))))
def test_what_the_bounds_allow_is_taken_as_it_is_on_loopback(chosen: tuple[str, Any]) -> None:
    key, value = chosen
    environment = {"MOVIE_SYNC_FILELIST_URL": LOOPBACK, "MOVIE_SYNC_LETTERBOXD_URL": LOOPBACK}
    config = Config.load(Path("/nonexistent"), environment=environment, overrides={key: str(value)})
    assert config.value(key) == value


# -- settings together


@pytest.mark.parametrize("site", ["letterboxd", "filelist"])
@pytest.mark.parametrize("delay", [0, 0.5, 0.999])
def test_a_delay_under_a_second_is_for_loopback_only(delay: float, site: str, home: Path) -> None:
    error = refused(home, config={f"{site}_delay": delay})
    assert (error.file, error.key) == ("config.json", f"{site}_delay")
    assert "at least 1 second" in error.message
    for url in (LOOPBACK, "http://localhost:1", "http://[::1]:1", "http://LOCALHOST/"):
        config = load(home, {f"{site}_delay": delay, f"{site}_url": url})
        assert config.value(f"{site}_delay") == delay


def test_a_delay_of_one_second_is_fine(home: Path) -> None:
    config = load(home, {"letterboxd_delay": 1, "filelist_delay": 1})
    assert (config.settings.letterboxd_delay, config.settings.filelist_delay) == (1, 1)


def test_more_than_150_calls_an_hour_are_for_loopback_only(home: Path) -> None:
    error = refused(home, config={"api_calls_per_hour": 151})
    assert (error.key, "at most 150" in error.message) == ("api_calls_per_hour", True)
    assert load(home, {"api_calls_per_hour": 150}).settings.api_calls_per_hour == 150
    assert load(home, {"api_calls_per_hour": 9999, "filelist_url": LOOPBACK}).settings.api_calls_per_hour == 9999


HOSTS_THAT_ONLY_LOOK_LOCAL = [
    "http://127.0.0.1@filelist.io",
    "http://127.0.0.1.filelist.io",
    "http://localhost.filelist.io",
    "https://filelist.io/#@127.0.0.1",
    "https://filelist.io/?127.0.0.1",
]


@pytest.mark.parametrize("url", HOSTS_THAT_ONLY_LOOK_LOCAL)
@pytest.mark.parametrize(
    "config",
    [{"filelist_delay": 0}, {"api_calls_per_hour": 151}, {"client": "builtin"}],
    ids=lambda value: next(iter(value)),
)
def test_a_host_that_only_looks_like_this_machine_is_not_it(config: dict[str, Any], url: str, home: Path) -> None:
    assert refused(home, config={**config, "filelist_url": url}).key == next(iter(config))


def test_the_error_names_the_layer_that_set_the_value(home: Path) -> None:
    error = refused(home, environment={"MOVIE_SYNC_FILELIST_DELAY": "0"})
    assert error.file == "environment variable MOVIE_SYNC_FILELIST_DELAY"
    assert refused(home, overrides={"api_calls_per_hour": "200"}).file == "command line"


def test_the_builtin_client_and_filelist_do_not_go_together(home: Path) -> None:
    error = refused(home, config={"client": "builtin"})
    assert (error.file, error.key) == ("config.json", "client")
    assert '"builtin"' in error.message
    assert '"qbittorrent" or "none"' in error.message
    assert "private tracker" in error.message
    assert load(home, {"client": "builtin", "filelist_url": LOOPBACK}).client == "builtin"


@pytest.mark.parametrize(
    ("client", "enabled", "effective"),
    [
        ("qbittorrent", True, "qbittorrent"),
        ("qbittorrent", False, "none"),
        ("none", True, "none"),
        ("none", False, "none"),
    ],
)
def test_qbittorrent_not_enabled_means_no_client(client: str, enabled: bool, effective: str, home: Path) -> None:
    assert load(home, {"client": client}, {"qbittorrent": {"enabled": enabled}}).client == effective


# -- unknown keys


@pytest.mark.parametrize(
    ("layer", "note"),
    [
        (
            {"config": {"max_retrys": 3}},
            "/home/config.json: nobody knows the setting max_retrys; did you mean max_retries ",
        ),
        ({"config": {"port": 3}}, "did you mean qbittorrent.port (in filelist_config.json)?"),
        ({"config": {"qqqqqqqq": 1}}, "/home/config.json: nobody knows the setting qqqqqqqq."),
        ({"filelist": {"qbittorrent": {"hots": "x"}}}, "did you mean qbittorrent.host (in filelist_config.json)?"),
        ({"filelist": {"username": "ion"}}, "did you mean username (in config.json)?"),
        ({"config": {"qbittorrent": {"port": 1}}}, "did you mean qbittorrent.port (in filelist_config.json)?"),
    ],
)
def test_an_unknown_key_is_reported_with_the_nearest_known(layer: dict[str, Any], note: str, home: Path) -> None:
    (said,) = load(home, **layer).notes
    assert note in said


def test_an_unknown_key_changes_nothing_and_stays_in_its_file(home: Path) -> None:
    content = write(home, CONFIG_FILE, {"max_retrys": 3, "note to self": {"deep": [1]}})
    config = load(home)
    assert config.settings.max_retries == 5
    assert len(config.notes) == 2
    assert (home / CONFIG_FILE).read_bytes() == content


@pytest.mark.parametrize(
    ("content", "keys", "value"),
    [
        ('{"max_retries": 1, "max_retries": 2}', ["max_retries"], 2),
        ('{"max_retries": 2, "max_retries": 2}', ["max_retries"], 2),
        ('{"max_retries": 1, "a": 1, "max_retries": 3, "a": 2, "max_retries": 4}', ["a", "max_retries"], 4),
        ('{"max_retries": 1, "MAX_RETRIES": 2}', [], 1),
    ],
    ids=["twice", "twice alike", "two keys", "once each"],
)
def test_a_key_that_stands_twice_is_reported_and_the_last_one_counts(
    content: str, keys: list[str], value: int, home: Path
) -> None:
    config = load(home, content)
    assert config.settings.max_retries == value
    twice = [note for note in config.notes if "stands there twice" in note]
    assert sorted(twice) == [f"{home / CONFIG_FILE}: {key} stands there twice; the last one counts." for key in keys]
    assert (home / CONFIG_FILE).read_text() == content


def test_a_key_that_stands_twice_in_a_section_is_reported_and_a_section_that_does(home: Path) -> None:
    inner = load(home, filelist='{"qbittorrent": {"port": 1, "port": 2}}')
    assert (inner.filelist.qbittorrent.port, len(inner.notes)) == (2, 1)
    assert "port stands there twice" in inner.notes[0]
    outer = load(home, filelist='{"qbittorrent": {"port": 1}, "qbittorrent": {"host": "box"}}')
    assert (outer.filelist.qbittorrent.port, outer.filelist.qbittorrent.host) == (8080, "box")
    assert "qbittorrent stands there twice" in outer.notes[0]


# -- variables nobody reads


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("MOVIE_SYNC_MAX_RETRYS", "MOVIE_SYNC_MAX_RETRIES"),
        ("MOVIE_SYNC_USER_NAME", "MOVIE_SYNC_USERNAME"),
        ("MOVIE_SYNC_QBITTORENT_PORT", "MOVIE_SYNC_QBITTORRENT_PORT"),
        ("MOVIE_SYNC_FILELIST_PASKEY", "MOVIE_SYNC_FILELIST_PASSKEY"),
        ("MOVIE_SYNC_FILELIST_PASSKEY_FIL", "MOVIE_SYNC_FILELIST_PASSKEY_FILE"),
        ("MOVIE_SYNC_HOMES", "MOVIE_SYNC_HOME"),
        ("MOVIE_SYNC_max_retries", None),
    ],
)
def test_a_misspelt_variable_is_reported_with_the_nearest_known(variable: str, meant: str | None, home: Path) -> None:
    config = load(home, environment={variable: "secret-value"})
    (note,) = config.notes
    assert note.startswith(f"Nobody knows the environment variable {variable}")
    assert note.endswith(f"; did you mean {meant}?") or meant is None
    assert "secret-value" not in note
    assert config.settings.max_retries == 5


def test_no_variable_this_program_reads_is_reported_nor_one_of_others(home: Path) -> None:
    log_ins = [
        f"MOVIE_SYNC_{name}"
        for name in ("FILELIST_USERNAME", "FILELIST_PASSKEY", "QBITTORRENT_USERNAME", "QBITTORRENT_PASSWORD")
    ]
    known = [
        "MOVIE_SYNC_HOME",
        "MOVIE_SYNC_KEY",
        "MOVIE_SYNC_KEY_FILE",
        *log_ins,
        *(f"{name}_FILE" for name in log_ins),
    ]
    others = ["HOME", "MOVIE_SYNCX", "MOVIESYNC_USERNAME", "movie_sync_username", "XMOVIE_SYNC_USERNAM"]
    unset = {setting.variable: "" for setting in SETTINGS.values()}
    assert load(home, environment={**dict.fromkeys([*known, *others], "x"), **unset}).notes == ()


def test_an_empty_variable_is_as_good_as_none(home: Path) -> None:
    config = load(home, {"max_retries": 1}, environment={"MOVIE_SYNC_MAX_RETRIES": ""})
    assert (config.settings.max_retries, config.origin("max_retries")) == (1, "config.json")


# -- what the first run fetches


@pytest.mark.parametrize(
    ("value", "text", "count"),
    [
        ("all", "all", None),
        ("new", "new", 0),
        ("1", "1", 1),
        (" 25 ", "25", 25),
        (25, "25", 25),
        ("9999999", "9999999", 9999999),
    ],
)
def test_the_first_run_queues_all_none_or_the_newest_so_many(
    value: str | int, text: str, count: int | None, home: Path
) -> None:
    for config in (
        load(home, {"first_run": value}),
        load(home, {}, environment={"MOVIE_SYNC_FIRST_RUN": str(value)}),
        load(home, {}, overrides={"first_run": str(value)}),
    ):
        assert (config.settings.first_run, config.first_run) == (text, count)


def test_by_default_the_first_run_queues_all(home: Path) -> None:
    assert load(home).first_run is None


@pytest.mark.parametrize("key", ["username", "qbittorrent.category", "qbittorrent.save_path", "download_directory"])
@pytest.mark.parametrize("number", [7, 0, -1, 10**30])
def test_a_whole_number_where_a_text_is_wanted_is_that_text(key: str, number: int, home: Path) -> None:
    assert load(home, **in_its_file(key, number)).value(key) == str(number)
    write_settings(home, {key: number})
    assert load(home).value(key) == str(number)


# -- a setting by its name


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("username", "username"),
        ("port", "qbittorrent.port"),
        ("qbittorrent.port", "qbittorrent.port"),
        ("minimum_seeders", "download_preferences.minimum_seeders"),
        ("category_priority", "category_priority"),
    ],
)
def test_a_setting_is_named_by_its_key_or_by_its_last_part(name: str, key: str) -> None:
    assert setting_named(name) is SETTINGS[key]


def test_every_setting_can_be_named_by_its_last_part() -> None:
    assert [setting_named(key.rpartition(".")[2]).key for key in SETTINGS] == list(SETTINGS)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("qbittorent.port", "qbittorrent.port"),
        ("Username", "username"),
        ("max_retrys", "max_retries"),
        ("qbittorrent", None),
        ("", None),
        ("xqjz", None),
    ],
)
def test_a_name_of_no_setting_is_a_mistake_of_usage_that_names_the_nearest(name: str, meant: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        setting_named(name)
    assert (caught.value.file, caught.value.key) == ("command line", name)
    assert caught.value.message.startswith(f"There is no setting {name}")
    assert f"did you mean {meant} (in" in caught.value.message or meant is None
    assert "movie-sync config show" in caught.value.hint


# -- files that cannot be read

UNREADABLE: dict[str, bytes] = {
    "empty": b"",
    "cut off": b'{"username": "ion"',
    "a comma too many": b'{\n  "username": "ion",\n}',
    "a list": b"[]",
    "a text": b'"ion"',
    "null": b"null",
    "not UTF-8": b'{"username": "\xff\xfe"}',
    "UTF-16": '{"username": "ion"}'.encode("utf-16"),
    "nested too deeply": b"[" * 200_000,
    "a number of 5000 digits": b'{"max_retries": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("file", [CONFIG_FILE, FILELIST_FILE])
@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_does_not_parse_is_named_and_never_overwritten(case: str, file: str, home: Path) -> None:
    (home / file).write_bytes(UNREADABLE[case])
    error = refused(home)
    assert error.file == file
    assert str(home / file) in error.message
    key, value = ("max_retries", 3) if file == CONFIG_FILE else ("qbittorrent.port", 3)
    with pytest.raises(ConfigError):
        write_settings(home, {key: value})
    assert (home / file).read_bytes() == UNREADABLE[case]
    assert list(home.iterdir()) == [home / file]


def test_a_mistake_in_the_json_is_named_with_line_and_column(home: Path) -> None:
    error = refused(home, config='{\n  "username": "ion",\n  max_retries: 3\n}')
    assert error.message.startswith(f"{home / CONFIG_FILE} is not valid JSON: line 3, column 3:")
    assert "left as it is" in error.hint


def test_a_folder_in_place_of_a_file_is_a_config_error(home: Path) -> None:
    (home / CONFIG_FILE).mkdir()
    assert refused(home).file == CONFIG_FILE


@given(st.binary(max_size=60))
def test_any_bytes_are_settings_or_a_config_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / CONFIG_FILE).write_bytes(content)
    try:
        assert load(home).settings.max_retries == 5
    except ConfigError as error:
        assert error.file == CONFIG_FILE  # noqa: PT017  both outcomes are right


# -- writing settings


def test_a_written_setting_leaves_everything_else_in_its_file(home: Path) -> None:
    write(home, FILELIST_FILE, {"mine": [1], "qbittorrent": {"host": "box", "theirs": "x"}, "category_priority": None})
    write_settings(home, {"qbittorrent.port": 9090})
    assert json.loads((home / FILELIST_FILE).read_bytes()) == {
        "mine": [1],
        "qbittorrent": {"host": "box", "theirs": "x", "port": 9090},
        "category_priority": None,
    }


def test_a_written_setting_reads_back_and_the_file_is_private_and_readable(tmp_path: Path) -> None:
    home = tmp_path / "new"
    write_settings(home, {"download_preferences.minimum_seeders": 3})
    write_settings(home, {"username": " ștefan "})
    write_settings(home, {"library_directories": ["/films"]})
    config = load(home)
    assert config.filelist.download_preferences.minimum_seeders == 3
    assert config.settings.username == "ștefan"
    assert config.settings.library_directories == ("/films",)
    assert '  "username": "ștefan"' in (home / CONFIG_FILE).read_text(encoding="utf-8").splitlines()[1]
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_settings_of_both_files_are_written_at_once_by_their_last_part_and_as_text(home: Path) -> None:
    write_settings(home, {"username": "ion", "port": "9090", "library_directories": "/a, /b", "enabled": "no"})
    assert json.loads((home / CONFIG_FILE).read_bytes()) == {"username": "ion", "library_directories": ["/a", "/b"]}
    assert json.loads((home / FILELIST_FILE).read_bytes()) == {"qbittorrent": {"port": 9090, "enabled": False}}


def test_of_several_settings_none_is_written_when_one_is_wrong(home: Path) -> None:
    content = write(home, CONFIG_FILE, {"username": "ion"})
    for wrong in ({"qbittorrent.port": 0}, {"nobody": 1}, {"max_retries": "many"}):
        with pytest.raises(ConfigError):
            write_settings(home, {"username": "ana", **wrong})
    assert (home / CONFIG_FILE).read_bytes() == content
    assert list(home.iterdir()) == [home / CONFIG_FILE]


def test_none_takes_a_key_out_so_that_its_default_holds(home: Path) -> None:
    write(home, CONFIG_FILE, {"max_retries": 1, "mine": 2})
    write(home, FILELIST_FILE, {"qbittorrent": {"port": 1, "host": "box"}})
    write_settings(home, {"max_retries": None, "qbittorrent.port": None, "first_run": None})
    assert json.loads((home / CONFIG_FILE).read_bytes()) == {"mine": 2}
    assert json.loads((home / FILELIST_FILE).read_bytes()) == {"qbittorrent": {"host": "box"}}
    assert (load(home).settings.max_retries, load(home).filelist.qbittorrent.port) == (5, 8080)


def test_nothing_to_write_writes_no_file(home: Path) -> None:
    write_settings(home, {})
    assert list(home.iterdir()) == []


def test_categories_are_written_as_objects(home: Path) -> None:
    line = {"id": 6, "name": "Filme 4K", "priority": 1}
    write_settings(home, {"category_priority": [line]})
    assert json.loads((home / FILELIST_FILE).read_bytes()) == {"category_priority": [line]}


@pytest.mark.parametrize(("key", "value"), [row for row in WRONG if row not in TEXTS and row[1] is not None], ids=str)
def test_a_wrong_value_is_never_written(key: str, value: object, home: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        write_settings(home, {key: value})
    assert caught.value.key == key
    assert list(home.iterdir()) == []


def test_a_setting_nobody_knows_is_never_written(home: Path) -> None:
    with pytest.raises(ConfigError, match=r"max_retrys; did you mean max_retries ") as caught:
        write_settings(home, {"max_retrys": 3})
    assert caught.value.key == "max_retrys"
    assert list(home.iterdir()) == []


def test_a_section_that_is_no_object_is_an_error_and_stays(home: Path) -> None:
    content = write(home, FILELIST_FILE, {"qbittorrent": "no"})
    with pytest.raises(ConfigError, match="qbittorrent"):
        write_settings(home, {"qbittorrent.port": 1})
    assert (home / FILELIST_FILE).read_bytes() == content


def test_half_a_character_in_the_file_does_not_keep_a_setting_from_being_written(home: Path) -> None:
    write(home, CONFIG_FILE, '{"note": "\\ud83c"}')
    write_settings(home, {"max_retries": 1})
    assert json.loads((home / CONFIG_FILE).read_bytes()) == {"note": "\ud83c", "max_retries": 1}


# -- what the parts read


def test_folders_are_absolute_and_the_tilde_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    config = load(
        tmp_path,
        {
            "library_directories": ["~/films", "more", "/abs"],
            "watchlist_file": "~/list.json",
            "download_directory": "d",
        },
    )
    assert config.library_folders == (tmp_path / "films", tmp_path / "more", Path("/abs"))
    assert config.download_folder == tmp_path / "d"
    assert config.watchlist_path == tmp_path / "list.json"


def test_by_default_the_watchlist_lies_at_home_and_downloads_in_downloads(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home))
    config = load(home)
    assert config.watchlist_path == home / "watchlist.json"
    assert config.download_folder == home / "Downloads"
    assert config.library_folders == ()


def test_the_profile_is_ordered_by_priority_and_carries_the_preferences(home: Path) -> None:
    lines = [{"id": 4, "name": "Filme HD", "priority": 2}, {"id": 6, "name": "Filme 4K", "priority": 1}]
    preferences = {"minimum_seeders": 3, "prefer_freeleech": False, "prefer_doubleup": True}
    config = load(home, filelist={"category_priority": lines, "download_preferences": preferences})
    assert config.profile.qualities == (("4320p",), ("2160p",), ("1440p",), ("1080p",), ("1080i",), ("720p",))
    assert config.search_categories == (4, 6)
    profile = config.profile
    assert (profile.minimum_seeders, profile.freeleech, profile.double_upload) == (3, "ignore", True)


def test_the_default_profile_takes_4k_then_hd_then_hd_ro_then_sd(home: Path) -> None:
    places = [group[0] for group in load(home).profile.qualities]
    assert places[:2] == ["4320p", "2160p"]
    assert places.index("720p") < places.index("1080p ro") < places.index("576p")


@pytest.mark.parametrize(
    ("number", "name", "quality"),
    [
        (26, "anything", "2160p"),
        (19, "Filme HD", "1080p ro"),
        (3, "Filme 4K", "576p"),
        (500, "Movies UHD", "2160p"),
        (500, "Films in 4k", "2160p"),
        (500, "Filme HD-RO", "1080p ro"),
        (500, "Filme HD", "1080p"),
        (500, "Euro HD", "1080p"),
        (500, "Filme DVD", "576p"),
    ],
)
def test_a_categorys_quality_is_known_by_its_id_else_by_its_name(
    number: int, name: str, quality: str, home: Path
) -> None:
    lines = [{"id": number, "name": name, "priority": 1}]
    assert load(home, filelist={"category_priority": lines}).profile.qualities.count((quality,)) == 1


def test_a_part_that_no_installed_package_brings_is_refused_by_name() -> None:
    for key, kept in (("tracker", "filelist"), ("watchlists", "letterboxd"), ("client", "qbittorrent")):
        with pytest.raises(ConfigError, match=kept):
            Config.load(Path("/nowhere"), environment={}, overrides={key: "transmission"})


def test_a_part_of_an_installed_package_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(group: str) -> list[EntryPoint]:
        return [EntryPoint("mine", "package:Part", group)]

    monkeypatch.setattr(movie_sync.config, "entry_points", found)
    named = {"tracker": "mine", "watchlists": "letterboxd,mine", "client": "mine"}
    config = Config.load(Path("/nowhere"), environment={}, overrides=named)
    assert (config.settings.tracker, config.client) == ("mine", "mine")
    assert config.settings.watchlists == ("letterboxd", "mine")
    assert SETTINGS["client"].allowed == 'one of "qbittorrent", "builtin", "none", "mine"'


def test_a_variable_like_no_other_is_reported_alone(home: Path) -> None:
    (note,) = load(home, environment={"MOVIE_SYNC_XQJZ": "1"}).notes
    assert note == "Nobody knows the environment variable MOVIE_SYNC_XQJZ."


@pytest.mark.parametrize(("name", "meant"), [("prot", "qbittorrent.port"), ("filelist.port", "qbittorrent.port")])
def test_a_mistyped_last_part_of_a_key_is_answered_with_the_key(name: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=f"did you mean {meant} "):
        setting_named(name)


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("2h", 7200), ("1d", 86400), ("90", 90), ("45 s", 45)])
def test_seconds_can_be_given_as_a_span(text: str, seconds: int) -> None:
    config = Config.load(Path("/nowhere"), environment={}, overrides={"check_interval": text})
    assert config.settings.check_interval == seconds
