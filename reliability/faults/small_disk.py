"""A small disk of its own in place of a folder; needs the right to mount."""

import contextlib
import os
import subprocess
from pathlib import Path

from reliability.faults.trial import NotHere


class SmallDisk:
    """A tmpfs of so many bytes or inodes; the folder is empty when it begins and when it ends.

    Args:
        folder: Made when missing.
        options: As mount takes them: ``size=64k,nr_inodes=20``.

    Raises:
        NotHere: Nobody may mount here.
    """

    def __init__(self, folder: Path, options: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if complaint := self._mount("-t", "tmpfs", "-o", f"{options},mode=0700", "tmpfs"):
            raise NotHere(f"the right to mount a small disk ({complaint})")

    def _mount(self, *arguments: str) -> str:
        try:
            done = subprocess.run(["mount", *arguments, str(self.folder)], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise NotHere("there is no mount command") from None
        return (done.stderr.strip() or "mount failed") if done.returncode else ""

    def options(self, options: str) -> None:
        """Change them while it is in use: more room; ``ro`` when no file is open for writing, else OSError."""
        if complaint := self._mount("-o", f"remount,{options}"):
            raise OSError(f"{self.folder} cannot be mounted anew: {complaint}")

    @property
    def free_bytes(self) -> int:
        """What may still be written."""
        stat = os.statvfs(self.folder)
        return stat.f_bavail * stat.f_frsize

    def fill(self, leave_bytes: int) -> Path:
        """Fill it up to so many bytes; the file that does, whose deletion makes room."""
        filler = self.folder / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as out:  # others may write meanwhile: full is full
            out.write(b"\0" * max(0, self.free_bytes - leave_bytes))
        return filler

    def __enter__(self) -> "SmallDisk":
        return self

    def __exit__(self, *_: object) -> None:
        # Whoever still has a file open there keeps it; nobody new finds it.
        subprocess.run(["umount", "-l", str(self.folder)], capture_output=True, check=False)
