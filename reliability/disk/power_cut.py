"""What is left of a folder after a power cut: what was synced, and of the rest what chance leaves.

A name survives when its folder was synced after it came; the content of a file is that of its last fsync or fdatasync,
empty when there was none. The shim records both while the program runs (see preload.c).

Not modelled: what ``sync``, ``msync`` and O_SYNC make durable (the program and SQLite use none of them here), and
content that was synced while its file lay outside the tree.
"""

import ctypes
import os
import random
import shutil
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reliability.disk import preload

_KINDS = ("inodes", "contents", "listings")
_BLOCK_BYTES = 4096
_AT_FDCWD, _AT_SYMLINK_NOFOLLOW, _STATX_WANTED = -100, 0x100, 0x903
_LIBC = ctypes.CDLL(None, use_errno=True)

# Kind ("d": folder, "f": anything else), key, name.
_Entry = tuple[str, str, str]


def environment(tree: Path, shadow: Path, built: Path, kill_before: int | None = None) -> dict[str, str]:
    """What to add to the environment of a program whose power is going to be cut.

    Args:
        tree: The folder to watch, a path without links.
        shadow: As begun by `begin`.
        built: As from `preload.build`.
        kill_before: The program is ended by SIGKILL right before its nth call that changes or syncs something in the
            tree (1: the first); None: it is not. Each process counts for itself.

    Raises:
        ValueError: As for preload.environment.
    """
    parts = {} if kill_before is None else {"kill_before": str(kill_before)}
    return preload.environment(built, tree, shadow=str(shadow), **parts)


def begin(tree: Path, shadow: Path) -> None:
    """Take what is in the tree as durable.

    Args:
        tree: The folder to watch; nothing works on it. This process has no SQLite database in it open: reading the file
            would drop its locks.
        shadow: A new folder, on the same filesystem and outside the tree.

    Raises:
        ValueError: The shadow lies elsewhere.
        FileExistsError: There is one already.
    """
    if shadow.resolve().is_relative_to(tree.resolve()):
        raise ValueError(f"{shadow} lies in the tree that is watched.")
    shadow.mkdir(mode=0o700)
    if shadow.stat().st_dev != tree.stat().st_dev:
        raise ValueError(f"{shadow} lies on another filesystem than {tree}.")
    for kind in _KINDS:
        (shadow / kind).mkdir()
    for folder in _folders(tree):
        entries = list(_present_entries(folder))
        for kind, key, name in entries:
            if kind == "f" and not os.path.lexists(shadow / "inodes" / key):
                os.link(folder / name, shadow / "inodes" / key, follow_symlinks=False)
                if (folder / name).is_file() and not (folder / name).is_symlink():
                    shutil.copyfile(folder / name, shadow / "contents" / key)
        lines = b"".join(os.fsencode(f"{kind} {key} {name}") + b"\0" for kind, key, name in entries)
        (shadow / "listings" / _key(folder)).write_bytes(lines)


def watched(shadow: Path) -> bool:
    """True when a program ran under the shim."""
    return (shadow / "loaded").exists()


def what_survived(tree: Path, shadow: Path, into: Path, dice: random.Random | None = None) -> None:
    """Build the tree as it may be after a power cut.

    Args:
        tree: As it is now; nothing works on it any more, and see `begin`. The folder itself is taken as durable.
        shadow: Its record, left as it is: many states can be built from one.
        into: Where to; a new folder.
        dice: None: all that was not synced is dropped. Else each folder's listing is, by chance, the synced or the
            present one, and each file's content the synced, the present, or blocks of both: all of them are legal,
            since what was not synced may or may not have reached the disk. Rights are those of the present tree.
    """
    _Survivors(shadow, dice, dict(_present_files(tree)), {_key(one): one for one in _folders(tree)}).folder(
        _key(tree), into
    )


@dataclass(frozen=True, slots=True)
class _Survivors:
    """One state after a power cut.

    Attributes:
        present_files: Key to a path of each file that is there now.
        present_folders: Key to the path of each folder that is there now.
        made: Key to the path of each file built so far: a file with two names has one content.
    """

    shadow: Path
    dice: random.Random | None
    present_files: dict[str, Path]
    present_folders: dict[str, Path]
    made: dict[str, Path] = field(default_factory=dict)

    def folder(self, key: str, into: Path) -> None:
        into.mkdir()
        for kind, its_key, name in self._entries(key):
            if kind == "d":
                self.folder(its_key, into / name)
            else:
                self._file(its_key, into / name)
        now = self.present_folders.get(key)
        into.chmod(stat.S_IMODE(now.stat().st_mode) if now is not None else 0o700)

    def _entries(self, key: str) -> list[_Entry]:
        now = self.present_folders.get(key)
        if now is not None and self.dice is not None and self.dice.random() < 0.5:
            return list(_present_entries(now))
        synced = self.shadow / "listings" / key
        return list(_recorded_entries(synced.read_bytes())) if synced.exists() else []

    def _file(self, key: str, target: Path) -> None:
        held = self.shadow / "inodes" / key
        now = held if os.path.lexists(held) else self.present_files[key]
        mode = now.lstat().st_mode
        if key in self.made:
            os.link(self.made[key], target, follow_symlinks=False)
            return
        if stat.S_ISLNK(mode):
            target.symlink_to(now.readlink())
        elif stat.S_ISREG(mode):
            target.write_bytes(self._content(key, now))
            target.chmod(stat.S_IMODE(mode))
        else:
            return  # a pipe or a socket, which nobody listens at any more
        self.made[key] = target

    def _content(self, key: str, now: Path) -> bytes:
        path = self.shadow / "contents" / key
        synced = path.read_bytes() if path.exists() else b""
        if self.dice is None:
            return synced
        present = now.read_bytes()
        return self.dice.choice((synced, present, _blocks_of_both(synced, present, self.dice)))


def _blocks_of_both(synced: bytes, present: bytes, dice: random.Random) -> bytes:
    """Some blocks were written before the power went, others not; where there is none, the disk gives zeros."""
    length = dice.choice((len(synced), len(present)))
    blocks = []
    for start in range(0, length, _BLOCK_BYTES):
        end = min(start + _BLOCK_BYTES, length)
        blocks.append(dice.choice((synced, present))[start:end].ljust(end - start, b"\0"))
    return b"".join(blocks)


def _folders(tree: Path) -> Iterator[Path]:
    """The folder and all beneath it."""
    for root, _, _ in os.walk(tree):
        yield Path(root)


def _present_files(tree: Path) -> Iterator[tuple[str, Path]]:
    for folder in _folders(tree):
        yield from ((key, folder / name) for kind, key, name in _present_entries(folder) if kind == "f")


def _present_entries(folder: Path) -> Iterator[_Entry]:
    for path in sorted(folder.iterdir()):
        yield "d" if path.is_dir() and not path.is_symlink() else "f", _key(path), path.name


def _recorded_entries(lines: bytes) -> Iterator[_Entry]:
    for line in lines.split(b"\0")[:-1]:
        kind, key, name = os.fsdecode(line).split(" ", 2)
        yield kind, key, name


def _key(path: Path) -> str:
    """As preload.c names a file (its inode) or a folder (inode and creation time, which os.stat does not tell).

    Raises:
        OSError: It is not there.
    """
    answer = ctypes.create_string_buffer(256)
    if _LIBC.statx(_AT_FDCWD, os.fsencode(path), _AT_SYMLINK_NOFOLLOW, _STATX_WANTED, answer):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
    # struct statx of <linux/stat.h>: stx_mode at 28, stx_ino at 32, stx_btime at 80.
    mode, inode = struct.unpack_from("=H2xQ", answer, 28)
    born_s, born_ns = struct.unpack_from("=qI", answer, 80)
    return f"{inode}-{born_s}.{born_ns}" if stat.S_ISDIR(mode) else str(inode)
