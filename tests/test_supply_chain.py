"""What is installed, and what SECURITY.md says."""

import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from reliability import supply
from reliability.audit import CANNOT_BE_REACHED, KNOWN_BAD, KNOWS_NOTHING, NO_TOOL, TOOL, Audit, audit
from reliability.locks import Pin, everything, locked, read_lock

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
LOCKS = locked()
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def least(requirement: str) -> tuple[str, str]:
    """Name as a lock writes it and lowest version: every dependency is of the form ``name>=version``."""
    match = re.match(r"([\w.-]+)(?:>=([\w.]+))?", requirement)
    assert match is not None
    return re.sub(r"[-_.]+", "-", match[1]).lower(), match[2] or "0"


def numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("build.txt", PROJECT["build-system"]["requires"]),
        ("run.txt", [*PROJECT["project"]["dependencies"], *EXTRAS["builtin"]]),
        ("test.txt", [*PROJECT["project"]["dependencies"], *EXTRAS["builtin"], *EXTRAS["test"]]),
        ("tools.txt", [line for line in (ROOT / "locks/tools.in").read_text().splitlines() if line[0] != "#"]),
    ],
)
def test_what_the_project_asks_for_is_locked_in_a_version_it_allows(lock: str, wanted: list[str]) -> None:
    versions = {pin.name: pin.version for pin in LOCKS[lock]}
    for name, lowest in map(least, wanted):
        assert numbers(versions[name]) >= numbers(lowest), f"{name} {versions[name]}: run make lock"


def test_a_package_has_the_same_version_and_the_same_files_in_every_lock() -> None:
    seen: dict[str, tuple[str, frozenset[str]]] = {}
    for pins in LOCKS.values():
        for pin in pins:
            assert seen.setdefault(pin.name, (pin.version, frozenset(pin.hashes)))[0] == pin.version
            assert seen[pin.name][1] == frozenset(pin.hashes), pin.name
    assert {pin.name for pin in LOCKS["run.txt"]} < {pin.name for pin in LOCKS["test.txt"]}


def test_every_locked_package_has_a_hash() -> None:
    found = supply.every_requirement_has_a_hash()
    assert (found.lost, found.tries) == ((), sum(map(len, LOCKS.values())))


def test_a_lock_names_no_address_no_index_and_no_path() -> None:
    for path in sorted((ROOT / "locks").glob("*.txt")):
        assert not re.search(r"://|--(index|extra|find|trusted)|(^|[\s=])[/~]\w|@ ", path.read_text(), re.M), path


def test_a_lock_that_holds_anything_else_is_not_read() -> None:
    assert read_lock(f"# made\na-b==1.0 ; x == 'y' \\\n    --hash=sha256:{'0' * 64}\n") == [
        Pin("a-b", "1.0", "x == 'y'", ("0" * 64,))
    ]
    for line in ("a>=1.0", "-e .", "a @ https://host/a.whl", "--index-url https://host", "    --hash=md5:00"):
        with pytest.raises(ValueError, match="a lock holds"):
            read_lock(f"{line}\n")


def test_make_installs_what_is_locked_and_wheels_alone() -> None:
    variables = dict(re.findall(r"^(\w+) := (.*)$", MAKEFILE, re.M))
    assert "--only-binary :all:" in variables["WHEELS"]
    assert variables["LOCKED"] == "$(WHEELS) --require-hashes"
    assert "--no-deps --no-build-isolation" in variables["ITSELF"]
    installs = re.findall(r"-m pip (.*)", MAKEFILE.partition("\nWITHOUT")[2].partition("\ndemo:")[2])
    assert len(installs) == 7
    assert all(one.startswith(("$(LOCKED)", "$(WHEELS)", "$(ITSELF)")) for one in installs)
    for target, lock in ((".run", "run"), (".test", "test")):
        recipe = MAKEFILE.partition(f"\n$(VENV)/{target}: $(BIN)/python")[2].partition("\n\n")[0]
        assert f"locks/build.txt locks/{lock}.txt" in recipe.partition("\n")[0]
        assert f"$(LOCKED) -r locks/build.txt -r locks/{lock}.txt || $(WITHOUT)" in recipe


def test_a_package_that_cannot_be_had_is_a_sentence_that_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    for name in ("Makefile", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for name in ("build.txt", "run.txt"):
        (tmp_path / "locks" / name).write_text(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n")
    environment = {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}
    made = subprocess.run(
        ["make", "demo", f"PYTHON={sys.executable}"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 2
    assert "go without the lock: .venv/bin/python -m pip install -e '.[builtin]' && touch .venv/.run" in made.stderr


def test_a_changed_wheel_is_refused(tmp_path: Path) -> None:
    assert supply.a_changed_wheel(tmp_path).lost == ()


def test_a_package_that_would_run_code_at_install_is_refused(tmp_path: Path) -> None:
    assert supply.a_package_with_code(tmp_path).lost == ()


class _Index(BaseHTTPRequestHandler):
    """A vulnerability index as pip-audit asks it."""

    knows: ClassVar[Mapping[str, str]] = {}

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name, version = asked["package"]["name"], asked["version"]
        number = self.knows.get(f"{name}=={version}")
        affected = {"package": {"name": name, "ecosystem": "PyPI"}, "ranges": [_mended("99.0")]}
        answer = {"vulns": [{"id": number, "summary": "bad", "affected": [affected]}]} if number else {}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def _mended(version: str) -> dict[str, Any]:
    return {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": version}]}


@contextmanager
def index(knows: Mapping[str, str]) -> Iterator[str]:
    """An index on loopback that knows these: ``name==version`` to a number; its address."""
    handler = type("Index", (_Index,), {"knows": knows})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_known_vulnerability_of_a_locked_version_fails_the_audit() -> None:
    assert TOOL.exists(), NO_TOOL
    bad = everything(LOCKS.values())[0]
    with index({KNOWN_BAD: "PYSEC-1", bad: "PYSEC-2"}) as address:
        found = audit(everything(LOCKS.values()), index=address)
    name = bad.partition("==")[0]
    assert found.found == (f"{bad} has PYSEC-2, mended in 99.0: make lock ARGS=--upgrade-package={name}",)
    assert (found.exit_code, found.asked) == (1, len(everything(LOCKS.values())))


def test_an_index_that_knows_of_none_passes_the_audit() -> None:
    with index({KNOWN_BAD: "PYSEC-1"}) as address:
        assert audit(["rich==15.0.0"], index=address) == Audit(1)


def test_an_index_that_knows_nothing_at_all_or_is_not_there_counts_as_not_tried(tmp_path: Path) -> None:
    with index({}) as address:
        assert audit(["rich==15.0.0"], index=address).why_not == KNOWS_NOTHING
    closed = audit(["rich==15.0.0"], index=address)
    assert (closed.why_not, closed.exit_code) == (CANNOT_BE_REACHED, 69)
    assert audit(["rich==15.0.0"], tool=tmp_path / "none").why_not == NO_TOOL


def test_an_audit_that_breaks_is_no_pass(tmp_path: Path) -> None:
    broken = tmp_path / "pip-audit"
    broken.write_text("#!/bin/sh\necho 'ImportError: no module' >&2\nexit 1\n")
    broken.chmod(0o755)
    found = audit(["rich==15.0.0"], tool=broken)
    assert (found.found, found.exit_code) == (("pip-audit failed: ImportError: no module",), 1)


@pytest.mark.parametrize(
    "attacker",
    [
        "The tracker",
        "A Letterboxd page",
        "Wikidata",
        "Another user of this machine",
        "Someone on the network",
        "A malicious torrent",
        "A stolen backup or diagnosis",
        "The supply chain",
    ],
)
def test_each_attacker_has_a_section_that_says_what_stops_them_and_what_stays_open(attacker: str) -> None:
    section = SECURITY.partition(f"\n### {attacker}\n")[2].partition("\n### ")[0]
    for part in ("**Could get:**", "**What stops them:**", "**Stays open:**"):
        assert part in section, f"{attacker}: {part}"


def test_what_security_md_names_is_there() -> None:
    for path in re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|md|sh|txt))`", SECURITY):
        homes = (ROOT, ROOT / "movie_sync", ROOT / "doc")
        assert any((home / path).exists() for home in homes), path
    assert "@" not in SECURITY.replace("python@sha256", "")
