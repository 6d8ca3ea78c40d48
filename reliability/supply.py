"""What is installed: only what was locked, file by file, and without running any of it."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from reliability.audit import audit
from reliability.locks import everything, locked
from reliability.tried import Effort, Tried

PART = "Supply chain"
_PIP_S = 120
_HASH_WORDS = "DO NOT MATCH THE HASHES"
# A package's own build code, as an sdist brings it: it runs as soon as pip builds.
_TRAP = "from pathlib import Path\nPath({marker!r}).touch()\n"
_PROJECT = '[build-system]\nrequires = []\nbuild-backend = "trap"\nbackend-path = ["."]\n'


def run(effort: Effort, folder: Path) -> Iterator[Tried]:  # noqa: ARG001  it takes seconds, whatever the effort
    """Try the locks, a changed wheel, a package that would run code, and ask for known vulnerabilities.

    Args:
        effort: Of no matter here.
        folder: An empty scratch folder.
    """
    yield every_requirement_has_a_hash()
    yield a_changed_wheel(folder / "wheel")
    yield a_package_with_code(folder / "sdist")
    yield known_vulnerabilities()


def every_requirement_has_a_hash() -> Tried:
    """Each package of each lock has the hash of at least one file."""
    locks = locked()
    lost = [f"{name}: {pin.name} has no hash" for name, pins in locks.items() for pin in pins if not pin.hashes]
    lost += [f"{name} locks nothing" for name, pins in locks.items() if not pins]
    return Tried(PART, "every locked requirement has a hash", tries=sum(map(len, locks.values())), lost=tuple(lost))


def a_changed_wheel(folder: Path) -> Tried:
    """A wheel of another content than the locked one is refused; the locked one is taken."""
    fault = "a wheel with another content than its hash"
    if _pip(folder, "--version") is None:
        return Tried(PART, fault, why_not="pip is not installed")
    wheel = folder / "offered" / "tiny-1.0-py3-none-any.whl"
    _write_wheel(wheel, "said = 'what was locked'\n")
    lock = folder / "lock.txt"
    lock.write_text(f"tiny==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n", encoding="utf-8")
    lost: list[str] = []
    if not _installs(folder, lock):
        lost.append("the wheel that was locked is not installed")
    _write_wheel(wheel, "said = 'something else'\n")
    refused = _install(folder, "again", "--require-hashes", "--only-binary", ":all:", "-r", str(lock))
    if refused.returncode == 0 or (folder / "again" / "tiny.py").exists():
        lost.append("a changed wheel is installed")
    if _HASH_WORDS not in refused.stderr:
        lost.append("it is not refused for its hash")
    return Tried(PART, fault, seen=_first_error(refused), tries=1, lost=tuple(lost))


def a_package_with_code(folder: Path) -> Tried:
    """A package that only has an sdist is refused before its code runs; without the refusal it would run."""
    fault = "a package that only has an sdist, whose code would run at install"
    if _pip(folder, "--version") is None:
        return Tried(PART, fault, why_not="pip is not installed")
    marker = folder / "its code ran"
    sdist = folder / "offered" / "tiny-1.0.tar.gz"
    _write_sdist(sdist, marker)
    lock = folder / "lock.txt"
    lock.write_text(f"tiny==1.0 --hash=sha256:{hashlib.sha256(sdist.read_bytes()).hexdigest()}\n", encoding="utf-8")
    refused = _install(folder, "refused", "--require-hashes", "--only-binary", ":all:", "-r", str(lock))
    lost: list[str] = []
    if refused.returncode == 0:
        lost.append("a package without a wheel is installed")
    if marker.exists():
        lost.append("its code ran at install")
    marker.unlink(missing_ok=True)
    _install(folder, "built", "--require-hashes", "-r", str(lock))
    if not marker.exists():
        lost.append("its code does not run when sdists are allowed either, so nothing was tried")
    return Tried(PART, fault, seen=_first_error(refused), tries=1, lost=tuple(lost))


def known_vulnerabilities() -> Tried:
    """What the vulnerability index knows of the locked versions."""
    fault = "known vulnerabilities of what is locked"
    found = audit(everything(locked().values()))
    return Tried(PART, fault, tries=found.asked, lost=found.found, why_not=found.why_not)


def _installs(folder: Path, lock: Path) -> bool:
    taken = _install(folder, "taken", "--require-hashes", "--only-binary", ":all:", "-r", str(lock))
    return taken.returncode == 0 and (folder / "taken" / "tiny.py").exists()


def _install(folder: Path, target: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Install into a folder of its own, from what lies in ``offered`` alone."""
    source = ("--no-index", "--find-links", str(folder / "offered"), "--no-cache-dir")
    ran = _pip(folder, "install", *source, "--target", str(folder / target), *arguments)
    assert ran is not None
    return ran


def _pip(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str] | None":
    """Run pip untouched by the user's settings; None when this Python has none."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    ran = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
        env={**kept, "PIP_CONFIG_FILE": os.devnull},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PIP_S,
        check=False,
    )
    return None if "No module named pip" in ran.stderr else ran


def _first_error(ran: "subprocess.CompletedProcess[str]") -> str:
    errors = (line for line in ran.stderr.splitlines() if line.startswith("ERROR: "))
    return next(errors, "").removeprefix("ERROR: ").partition(". ")[0]


def _write_wheel(path: Path, code: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    about = "tiny-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", code)
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", f"tiny.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")


def _write_sdist(path: Path, marker: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, text in (
            ("PKG-INFO", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"),
            ("pyproject.toml", _PROJECT),
            ("trap.py", _TRAP.format(marker=str(marker))),
        ):
            member = tarfile.TarInfo(f"tiny-1.0/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
