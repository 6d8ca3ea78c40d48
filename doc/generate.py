"""Write doc/config.md from the table of settings; ``python doc/generate.py`` in the repository."""

import json
from pathlib import Path

import msgspec

from movie_sync.config import SETTINGS

HEAD = """# Settings

Two files in the home folder (`~/.movie_sync`, or `$MOVIE_SYNC_HOME`); a setting that is in neither has its default.
Each can also be set by its environment variable, which goes before the files; an empty variable counts as unset.
A dotted key is a key inside an object:
`qbittorrent.port` is `{"qbittorrent": {"port": 8080}}`. A value that is not allowed is an error that says what is; a
key nobody knows is kept and reported. This page is made from the program's own table.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for file in dict.fromkeys(setting.file for setting in SETTINGS.values()):
        parts.append(f"\n## {file}\n")
        for setting in SETTINGS.values():
            if setting.file == file:
                default = json.dumps(msgspec.to_builtins(setting.default), ensure_ascii=False)
                parts.append(f"\n### {setting.key}\n\n{setting.help} Allowed: {setting.allowed}.\n")
                parts.append(f"Default: `{default}` · Variable: `{setting.variable}`\n")
    return "".join(parts)


if __name__ == "__main__":
    Path(__file__).with_name("config.md").write_text(page(), encoding="utf-8")
