"""Credentials: where each comes from, that they are encrypted and private, and that no mistake ever loses one."""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from movie_sync.credentials_manager import CREDENTIALS_FILE, FIELDS, KEY_FILE, CredentialsManager, Field, variable
from movie_sync.errors import CredentialsError
from movie_sync.lib import redaction
from movie_sync.lib.redaction import redact

PASSKEY = "3f5a0c9e77b1d2446a8890bcdeff0123"
FILELIST = {"username": "ion", "passkey": PASSKEY}
QBITTORRENT = {"username": "admin", "password": "adminadmin"}


@pytest.fixture(autouse=True)
def no_secret_outlives_its_test() -> Iterator[None]:
    before = set(redaction._secrets)
    yield
    redaction._secrets.clear()
    redaction._secrets.update(before)


def manager(home: Path, **environment: str) -> CredentialsManager:
    return CredentialsManager(home, environment)


def nobody(field: Field) -> str:
    raise AssertionError(f"asked for {field.name}")


def contents(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.iterdir()}


def decrypted(home: Path) -> object:
    key = (home / KEY_FILE).read_bytes()
    return json.loads(Fernet(key.strip()).decrypt((home / CREDENTIALS_FILE).read_bytes().strip()))


def encrypt(home: Path, file: str, content: object) -> None:
    """A file as an earlier version left it, under the key in .key."""
    if not (home / KEY_FILE).exists():
        (home / KEY_FILE).write_bytes(Fernet.generate_key())
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    (home / file).write_bytes(Fernet((home / KEY_FILE).read_bytes().strip()).encrypt(data))


# -- storing


def test_what_is_stored_is_there_for_the_next_start(home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    assert manager(home).get("filelist") == FILELIST
    assert manager(home).require("filelist", nobody) == FILELIST


def test_all_services_are_in_one_encrypted_file(home: Path) -> None:
    credentials = manager(home)
    credentials.set("filelist", FILELIST)
    credentials.set("qbittorrent", QBITTORRENT)
    assert set(contents(home)) == {CREDENTIALS_FILE, KEY_FILE}
    assert decrypted(home) == {"filelist": FILELIST, "qbittorrent": QBITTORRENT}


def test_nothing_of_the_credentials_can_be_read_in_the_folder(home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    for content in contents(home).values():
        assert PASSKEY.encode() not in content
        assert b"passkey" not in content


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_the_files_are_0600_and_the_folder_0700_whatever_the_umask(umask: int, tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    before = os.umask(umask)
    try:
        manager(home).set("filelist", FILELIST)
    finally:
        os.umask(before)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}


def test_the_key_is_made_on_first_use_and_never_again(home: Path) -> None:
    assert manager(home).get("filelist") == {}
    assert contents(home) == {}
    manager(home).set("filelist", FILELIST)
    key = (home / KEY_FILE).read_bytes()
    Fernet(key.strip())
    manager(home).set("qbittorrent", QBITTORRENT)
    assert (home / KEY_FILE).read_bytes() == key


def test_setting_one_value_leaves_the_others(home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    manager(home).set("qbittorrent", QBITTORRENT)
    manager(home).set("filelist", {"passkey": "0" * 32})
    assert manager(home).get("filelist") == {"username": "ion", "passkey": "0" * 32}
    assert manager(home).get("qbittorrent") == QBITTORRENT


def test_stored_values_are_trimmed_and_blank_ones_do_not_count(home: Path) -> None:
    manager(home).set("filelist", {"username": "  ion\n", "passkey": " \t"})
    assert manager(home).get("filelist") == {"username": "ion"}


def test_clearing_a_service_forgets_it_and_leaves_the_other(home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    manager(home).set("qbittorrent", QBITTORRENT)
    manager(home).clear("filelist")
    assert manager(home).get("filelist") == {}
    assert manager(home).get("qbittorrent") == QBITTORRENT


def test_clearing_what_was_never_stored_writes_nothing(home: Path) -> None:
    manager(home).clear("filelist")
    assert contents(home) == {}


@given(st.dictionaries(st.sampled_from(["username", "passkey"]), st.text(max_size=40)))
def test_any_text_comes_back_trimmed(tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]) -> None:
    home = tmp_path_factory.mktemp("home")
    manager(home).set("filelist", values)
    trimmed = {name: value.strip() for name, value in values.items()}
    assert manager(home).get("filelist") == {name: value for name, value in trimmed.items() if value}


# -- environment and secret files


@pytest.mark.parametrize(
    ("service", "name", "expected"),
    [
        ("filelist", "passkey", "MOVIE_SYNC_FILELIST_PASSKEY"),
        ("filelist", "username", "MOVIE_SYNC_FILELIST_USERNAME"),
        ("qbittorrent", "password", "MOVIE_SYNC_QBITTORRENT_PASSWORD"),
    ],
)
def test_each_credential_has_a_variable(service: str, name: str, expected: str) -> None:
    assert variable(service, name) == expected


def test_credentials_from_the_environment_need_no_file_and_no_key(home: Path) -> None:
    credentials = manager(home, MOVIE_SYNC_FILELIST_USERNAME=" ion ", MOVIE_SYNC_FILELIST_PASSKEY=f"{PASSKEY}\n")
    assert credentials.require("filelist", nobody) == FILELIST
    assert contents(home) == {}


def test_the_environment_wins_over_what_is_stored_value_by_value(home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    credentials = manager(home, MOVIE_SYNC_FILELIST_PASSKEY="f" * 32)
    assert credentials.get("filelist") == {"username": "ion", "passkey": "f" * 32}
    assert manager(home).get("filelist") == FILELIST


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_variable_counts_as_not_set(blank: str, home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    credentials = manager(home, MOVIE_SYNC_FILELIST_PASSKEY=blank, MOVIE_SYNC_FILELIST_USERNAME_FILE=blank)
    assert credentials.get("filelist") == FILELIST


def test_a_credential_may_stand_in_a_secret_file(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "passkey"
    secret.write_text(f"{PASSKEY}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for named in (str(secret), "~/passkey"):
        credentials = manager(home, MOVIE_SYNC_FILELIST_PASSKEY_FILE=named, MOVIE_SYNC_FILELIST_USERNAME="ion")
        assert credentials.get("filelist") == FILELIST


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xfd"], ids=["missing", "not a text"])
def test_a_secret_file_that_cannot_be_read_is_named_with_its_variable(
    content: bytes | None, home: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "passkey"
    if content is not None:
        secret.write_bytes(content)
    with pytest.raises(CredentialsError, match="MOVIE_SYNC_FILELIST_PASSKEY_FILE") as caught:
        manager(home, MOVIE_SYNC_FILELIST_PASSKEY_FILE=str(secret)).get("filelist")
    assert str(secret) in caught.value.message
    assert caught.value.hint


def test_a_secret_file_whose_name_is_no_text_is_told_in_one(home: Path) -> None:
    with pytest.raises(CredentialsError) as caught:
        manager(home, MOVIE_SYNC_FILELIST_PASSKEY_FILE=os.fsdecode(b"/secret-\xff")).get("filelist")
    assert "/secret-\N{REPLACEMENT CHARACTER}, named by" in caught.value.message


def test_a_secret_file_in_the_home_of_nobody_is_named_with_its_variable(home: Path) -> None:
    with pytest.raises(CredentialsError, match="~nobody-here/passkey, named by MOVIE_SYNC_FILELIST_PASSKEY_FILE,"):
        manager(home, MOVIE_SYNC_FILELIST_PASSKEY_FILE="~nobody-here/passkey").get("filelist")


def test_what_the_environment_gives_is_never_stored(home: Path) -> None:
    credentials = manager(home, MOVIE_SYNC_FILELIST_PASSKEY=PASSKEY)
    assert credentials.require("filelist", lambda _: "ion") == FILELIST
    assert decrypted(home) == {"filelist": {"username": "ion"}}


# -- asking


def test_only_what_is_missing_is_asked_for_in_order_trimmed_and_stored(home: Path) -> None:
    manager(home).set("qbittorrent", QBITTORRENT)
    asked: list[Field] = []

    def ask(field: Field) -> str:
        asked.append(field)
        return f" {FILELIST[field.name]} \n"

    assert manager(home).require("filelist", ask) == FILELIST
    assert asked == list(FIELDS["filelist"])
    assert manager(home).require("filelist", nobody) == FILELIST
    assert manager(home).get("qbittorrent") == QBITTORRENT


def test_secrets_are_marked_so_that_they_are_hidden_while_typed() -> None:
    secret = {(service, field.name) for service, fields in FIELDS.items() for field in fields if field.secret}
    assert secret == {("filelist", "passkey"), ("qbittorrent", "password")}


def test_with_nobody_to_ask_the_error_names_what_is_missing_and_how_to_give_it(home: Path) -> None:
    with pytest.raises(CredentialsError) as caught:
        manager(home).require("filelist")
    error = caught.value
    assert error.code == "credentials_missing"
    assert error.message == "Missing: FileList user name and FileList passkey."
    assert "MOVIE_SYNC_FILELIST_USERNAME" in error.hint
    assert "MOVIE_SYNC_FILELIST_PASSKEY" in error.hint
    assert "_FILE" in error.hint
    assert contents(home) == {}


def test_the_error_names_only_what_is_missing(home: Path) -> None:
    with pytest.raises(CredentialsError, match=r"^Missing: qBittorrent web UI password\.") as caught:
        manager(home, MOVIE_SYNC_QBITTORRENT_USERNAME="admin").require("qbittorrent")
    assert "USERNAME" not in caught.value.hint


def test_a_person_who_leaves_while_asked_stores_nothing(home: Path) -> None:
    def leave(field: Field) -> str:
        if field.secret:
            raise KeyboardInterrupt
        return "ion"

    with pytest.raises(KeyboardInterrupt):
        manager(home).require("filelist", leave)
    assert contents(home) == {}


def test_a_blank_answer_leaves_the_credential_missing(home: Path) -> None:
    with pytest.raises(CredentialsError, match="FileList passkey") as caught:
        manager(home).require("filelist", lambda field: "  " if field.secret else "ion")
    assert caught.value.code == "credentials_missing"


# -- the key


def test_a_wrong_key_is_an_error_and_nothing_is_overwritten(home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    (home / KEY_FILE).write_bytes(Fernet.generate_key())
    before = contents(home)
    for attempt in (
        lambda: manager(home).get("filelist"),
        lambda: manager(home).require("filelist", lambda _: "new"),
        lambda: manager(home).set("filelist", {"passkey": "new"}),
        lambda: manager(home).set("qbittorrent", QBITTORRENT),
        lambda: manager(home).clear("filelist"),
        lambda: manager(home).fingerprint("filelist"),
    ):
        with pytest.raises(CredentialsError, match="cannot be read with this key") as caught:
            attempt()
        assert CREDENTIALS_FILE in caught.value.message
        assert KEY_FILE in caught.value.hint
    assert contents(home) == before


def test_a_missing_key_is_an_error_and_no_new_one_is_made(home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    key = (home / KEY_FILE).read_bytes()
    (home / KEY_FILE).unlink()
    before = contents(home)
    for attempt in (
        lambda: manager(home).get("filelist"),
        lambda: manager(home).set("filelist", {"passkey": "new"}),
        lambda: manager(home).clear("filelist"),
    ):
        with pytest.raises(CredentialsError, match=r"\.key is missing") as caught:
            attempt()
        assert "MOVIE_SYNC_KEY" in caught.value.hint
    assert contents(home) == before
    (home / KEY_FILE).write_bytes(key)
    assert manager(home).get("filelist") == FILELIST


@pytest.mark.parametrize("key", [b"", b"short", b"\xff" * 44, b"a" * 44, b"not base64 !" * 4], ids=repr)
def test_a_key_that_is_none_is_an_error_and_stays(key: bytes, home: Path) -> None:
    (home / KEY_FILE).write_bytes(key)
    with pytest.raises(CredentialsError, match="not a Fernet key") as caught:
        manager(home).set("filelist", FILELIST)
    assert "MOVIE_SYNC_KEY_FILE" in caught.value.hint
    assert contents(home) == {KEY_FILE: key}


def test_a_key_that_cannot_be_read_is_an_error(home: Path) -> None:
    (home / KEY_FILE).mkdir()
    with pytest.raises(CredentialsError, match="cannot be read"):
        manager(home).set("filelist", FILELIST)


def test_the_key_may_come_from_the_environment_and_is_then_not_written(home: Path, tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    (tmp_path / "key").write_text(f"{key}\n")
    manager(home, MOVIE_SYNC_KEY=key).set("filelist", FILELIST)
    assert set(contents(home)) == {CREDENTIALS_FILE}
    assert manager(home, MOVIE_SYNC_KEY=f" {key}\n").get("filelist") == FILELIST
    assert manager(home, MOVIE_SYNC_KEY_FILE=str(tmp_path / "key")).get("filelist") == FILELIST


def test_the_key_of_the_environment_wins_over_the_file_and_a_wrong_one_overwrites_nothing(home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    before = contents(home)
    with pytest.raises(CredentialsError, match="cannot be read with this key"):
        manager(home, MOVIE_SYNC_KEY=Fernet.generate_key().decode()).set("filelist", {"passkey": "new"})
    with pytest.raises(CredentialsError, match="not a Fernet key"):
        manager(home, MOVIE_SYNC_KEY="secret").get("filelist")
    assert contents(home) == before


def test_a_key_file_that_is_named_and_missing_is_an_error_and_no_other_key_is_made(home: Path) -> None:
    with pytest.raises(CredentialsError, match="MOVIE_SYNC_KEY_FILE"):
        manager(home, MOVIE_SYNC_KEY_FILE=str(home / "none")).set("filelist", FILELIST)
    assert contents(home) == {}


@pytest.mark.parametrize("content", [b"", b"junk", b"gAAAA"], ids=repr)
def test_a_damaged_file_is_an_error_that_names_it_and_stays(content: bytes, home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    (home / CREDENTIALS_FILE).write_bytes(content)
    for attempt in (lambda: manager(home).get("filelist"), lambda: manager(home).set("filelist", FILELIST)):
        with pytest.raises(CredentialsError, match=r"credentials\.enc cannot be read"):
            attempt()
    assert (home / CREDENTIALS_FILE).read_bytes() == content


def test_a_folder_in_place_of_the_file_is_an_error(home: Path) -> None:
    (home / KEY_FILE).write_bytes(Fernet.generate_key())
    (home / CREDENTIALS_FILE).mkdir()
    with pytest.raises(CredentialsError, match="Is a directory"):
        manager(home).get("filelist")


@pytest.mark.parametrize(
    "content",
    [b"not JSON", [1], "text", {"filelist": "text"}, {"filelist": {"passkey": 7}}, {"filelist": None}],
    ids=repr,
)
def test_a_file_that_holds_something_else_is_a_credentials_error_and_stays(content: object, home: Path) -> None:
    encrypt(home, CREDENTIALS_FILE, content)
    before = contents(home)
    for attempt in (
        lambda: manager(home).get("filelist"),
        lambda: manager(home).set("filelist", {"username": "ion"}),
    ):
        with pytest.raises(CredentialsError, match=r"credentials\.enc"):
            attempt()
    assert contents(home) == before


# -- files of earlier versions


def test_files_of_earlier_versions_are_taken_into_the_one_file(home: Path) -> None:
    encrypt(home, "filelist_credentials.enc", FILELIST)
    encrypt(home, "qbittorrent_credentials.enc", QBITTORRENT)
    assert manager(home).get("filelist") == FILELIST
    manager(home).take_in()
    assert set(contents(home)) == {CREDENTIALS_FILE, KEY_FILE}
    assert decrypted(home) == {"filelist": FILELIST, "qbittorrent": QBITTORRENT}
    assert manager(home).get("qbittorrent") == QBITTORRENT


def test_what_was_stored_since_wins_over_an_earlier_file(home: Path) -> None:
    manager(home).set("filelist", {"passkey": "f" * 32})
    encrypt(home, "filelist_credentials.enc", FILELIST)
    assert manager(home).get("filelist") == {"username": "ion", "passkey": "f" * 32}


def test_what_an_earlier_file_holds_besides_survives_but_for_what_is_no_text(home: Path) -> None:
    encrypt(home, "filelist_credentials.enc", {**FILELIST, "cookie": "x", "saved_at": 12.5, "none": None})
    encrypt(home, "other_credentials.enc", {"user": "u"})
    assert manager(home).get("filelist") == FILELIST
    manager(home).take_in()
    assert decrypted(home) == {"filelist": {**FILELIST, "cookie": "x"}, "other": {"user": "u"}}


@pytest.mark.parametrize("service", ["filelist", "qbittorrent"])
def test_an_earlier_file_under_another_key_is_an_error_and_nothing_is_changed(service: str, home: Path) -> None:
    encrypt(home, "filelist_credentials.enc", FILELIST)
    token = Fernet(Fernet.generate_key()).encrypt(b"{}")
    (home / "qbittorrent_credentials.enc").write_bytes(token)
    before = contents(home)
    with pytest.raises(CredentialsError, match=r"qbittorrent_credentials\.enc cannot be read with this key"):
        manager(home).get(service)
    assert contents(home) == before


def test_an_earlier_file_without_its_key_is_an_error_and_no_new_key_is_made(home: Path) -> None:
    encrypt(home, "filelist_credentials.enc", FILELIST)
    (home / KEY_FILE).unlink()
    before = contents(home)
    for attempt in (lambda: manager(home).get("filelist"), lambda: manager(home).set("filelist", FILELIST)):
        with pytest.raises(CredentialsError, match=r"\.key is missing"):
            attempt()
    assert contents(home) == before


def test_an_earlier_file_that_is_no_object_is_an_error_and_stays(home: Path) -> None:
    encrypt(home, "filelist_credentials.enc", ["ion", PASSKEY])
    before = contents(home)
    with pytest.raises(CredentialsError, match="does not hold credentials"):
        manager(home).get("filelist")
    assert contents(home) == before


# -- fingerprint and redaction


def prints(home: Path, *environments: Mapping[str, str]) -> list[str]:
    return [CredentialsManager(home, environment).fingerprint("filelist") for environment in environments]


def test_equal_credentials_have_equal_fingerprints_wherever_they_come_from(home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    first, second, other = prints(
        home,
        {},
        {"MOVIE_SYNC_FILELIST_USERNAME": "ion", "MOVIE_SYNC_FILELIST_PASSKEY": PASSKEY},
        {"MOVIE_SYNC_FILELIST_PASSKEY": "f" * 32},
    )
    assert first == second != other


def test_a_fingerprint_is_keyed_and_holds_nothing_of_the_credentials(home: Path, tmp_path: Path) -> None:
    manager(home).set("filelist", FILELIST)
    manager(tmp_path / "other").set("filelist", FILELIST)
    mine, theirs = manager(home).fingerprint("filelist"), manager(tmp_path / "other").fingerprint("filelist")
    assert mine != theirs
    assert len(mine) == 32
    assert PASSKEY not in mine


def test_without_credentials_there_is_a_fingerprint_too_and_it_stays(home: Path) -> None:
    first, second = prints(home, {}, {})
    assert first == second


def test_a_secret_is_redacted_from_the_moment_it_is_known_and_a_name_is_not(home: Path) -> None:
    manager(home).set("filelist", {"username": "ionescu", "passkey": f" {PASSKEY} "})
    assert redact(f"ionescu {PASSKEY}") == "ionescu [removed]"
    redaction._secrets.clear()
    manager(home).get("filelist")
    assert redact(f"ionescu {PASSKEY}") == "ionescu [removed]"


def test_the_keys_are_redacted_too(home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    key = (home / KEY_FILE).read_text().strip()
    assert redact(f"made {key}") == "made [removed]"
    redaction._secrets.clear()
    manager(home).get("filelist")
    assert redact(f"read {key}") == "read [removed]"
    given_key = Fernet.generate_key().decode()
    with pytest.raises(CredentialsError):
        manager(home, MOVIE_SYNC_KEY=given_key).get("filelist")
    assert redact(f"given {given_key}") == "given [removed]"


def test_no_error_shows_a_secret(home: Path) -> None:
    manager(home).set("filelist", FILELIST)
    for environment in ({"MOVIE_SYNC_KEY": "hunter2-hunter2"}, {"MOVIE_SYNC_KEY": Fernet.generate_key().decode()}):
        with pytest.raises(CredentialsError) as caught:
            CredentialsManager(home, environment).get("filelist")
        assert environment["MOVIE_SYNC_KEY"] not in str(caught.value)
        assert PASSKEY not in str(caught.value)
