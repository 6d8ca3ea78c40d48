"""Write doc/config.md from the table of settings; ``python doc/generate.py`` in the repository."""

import json
import textwrap
from pathlib import Path

import msgspec

from movie_sync.config import SETTINGS

HEAD = """# Settings

This page is made from the program's own table (`python doc/generate.py`). The class is `Config` in
`movie_sync/config.py`. Log-ins are no settings: [credentials_manager.md](credentials_manager.md).

## Files

Two JSON files in the home folder (`~/.movie_sync`, or `$MOVIE_SYNC_HOME`): `config.json` and `filelist_config.json`.
Either may be missing. A dotted key is a key inside an object: `qbittorrent.port` is `{"qbittorrent": {"port": 8080}}`.
A key nobody knows is kept and reported with the nearest known one; a key that stands twice is reported, and the last
one counts. A value that is not allowed is an error that names file, key, value and what is allowed; nothing starts with
it.

## Layers

1. the default
2. the file
3. the environment variable

Each goes before the one above it. An empty variable counts as unset. In a variable a list is JSON or has commas between
its parts, and true or false may be `1`, `0`, `yes`, `no`. `movie-sync config show` says of each value where it comes
from.

A running service reads both files again within seconds after they were saved, and exchanges only the parts whose
settings changed. Variables are read when it starts, and so is `log_level`. When the new settings are not allowed, the
log says so and the ones before stay in use.
"""

TAIL = """
## Changing settings by command

    movie-sync config                              asks for everything, tries each answer, writes at the end
    movie-sync config show                         every setting, its value, where it comes from
    movie-sync config show qbittorrent             those with that word in their key
    movie-sync config set qbittorrent.port 8081    checks it together with all others, then writes it
    movie-sync config set port 8081                the same: one setting alone ends so
    movie-sync config unset first_run              back to the default
    movie-sync config path                         where the files are

`set` and `unset` leave everything else in the file as it is, unknown keys too.

## The first run of a long watchlist

`first_run` decides what the first read of a list queues: `all`, `new` (nothing; only films added from then on), or a
number, the newest so many. The rest counts as seen before: it stands in `queue_failed.json` as `excluded` with the
reason code `seen_before`, and `movie-sync add --seen` queues it at any time. After the first complete read the setting
has no effect. For an import it is `movie-sync import FILE --take new`.

`max_active_downloads` lets a long queue trickle: so many films download at once, the others are put off until one is
done. Films that stand still do not count.

## Examples

The least you need, with qBittorrent on this machine:

```json
{ "username": "your-letterboxd-name" }
```

A film collection that must not be fetched again, and a slow line:

```json
{
  "username": "your-letterboxd-name",
  "library_directories": ["/media/films", "/media/more films"],
  "first_run": "20",
  "max_active_downloads": 2
}
```

qBittorrent behind a proxy on another machine, and nothing larger than HD (`filelist_config.json`):

```json
{
  "category_priority": [
    { "id": 4, "name": "Filme HD", "priority": 1 },
    { "id": 19, "name": "Filme HD-RO", "priority": 2 }
  ],
  "download_preferences": { "minimum_seeders": 3 },
  "qbittorrent": { "host": "https://box.example/qbt", "category": "Films" }
}
```

No client; the .torrent is saved for you:

```json
{ "username": "your-letterboxd-name", "client": "none", "download_directory": "/srv/watch" }
```

FileList's category ids and the quality each asks for: 6 and 26 are 4K, 4 and 20 HD, 19 HD-RO, 1, 2 and 3 SD. Another id
is judged by its name.

## What holds together

- `letterboxd_delay` and `filelist_delay` are at least 1 and `api_calls_per_hour` at most 150, unless the address is
  this machine.
- `"client": "builtin"` is refused with FileList: it is a private tracker, which accepts listed clients only.
- `"qbittorrent": {"enabled": false}` is `"client": "none"`.

## Troubleshooting

- **"config.json is not valid JSON: line 3, column 5: …"** A comma or a quote is missing or too many near that place.
  The file was left as it is; correct it.
- **"…: check_interval is "1h"; allowed is a number from 1 to 2678400."** Files and variables take seconds. Only the
  wizard takes 15m, 1h and 1d.
- **"…: nobody knows the setting …; did you mean …?"** A mistyped key, one in the wrong one of the two files, or one of
  an earlier version. Correct it, or take it out.
- **"Nobody knows the environment variable MOVIE_SYNC_…"** The same for a variable.
- **A changed setting has no effect.** `movie-sync config show KEY` tells where its value comes from; a variable goes
  before the file. `log_level` and variables need a new start.
- **"There is nothing to do: config.json in … has no username, and no film was imported."** Set `username`, or import a
  CSV export.
- **"The new settings are not used: …"** in the log: what was saved is not allowed; the service goes on with what it
  had.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for file in dict.fromkeys(setting.file for setting in SETTINGS.values()):
        parts.append(f"\n## {file}\n")
        for setting in SETTINGS.values():
            if setting.file == file:
                default = json.dumps(msgspec.to_builtins(setting.default), ensure_ascii=False)
                about = textwrap.fill(f"{setting.help} Allowed: {setting.allowed}.", 120, break_on_hyphens=False)
                parts.append(f"\n### {setting.key}\n\n{about}\n")
                parts.append(f"Default: `{default}` · Variable: `{setting.variable}`\n")
    return "".join([*parts, TAIL])


if __name__ == "__main__":
    Path(__file__).with_name("config.md").write_text(page(), encoding="utf-8")
