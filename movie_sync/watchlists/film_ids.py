"""What a film is known by: IMDb and TMDB ids, slugs, boxd.it links. Pure."""

import re
import urllib.parse

_SLUG = re.compile(r"^/film/([\w-]+)/?$")
_LID = re.compile(r"^/([0-9A-Za-z]{1,12})/?$")


def imdb_id(url: str) -> str | None:
    """``tt`` and at least seven digits out of a link to imdb.com, None for any other link."""
    parts = _parts(url)
    match = re.search(r"/title/tt(\d{1,10})", parts.path, re.ASCII)
    return f"tt{int(match[1]):07d}" if match and _on(parts.hostname, "imdb.com") else None


def tmdb_id(url: str) -> str | None:
    """``movie/603`` or ``tv/1399`` out of a link to themoviedb.org, None for any other link."""
    parts = _parts(url)
    match = re.match(r"/(movie|tv)/(\d+)", parts.path, re.ASCII)
    return f"{match[1]}/{match[2]}" if match and _on(parts.hostname, "themoviedb.org") else None


def lid(url: str) -> str | None:
    """The short id out of a boxd.it link, None for any other link."""
    parts = _parts(url)
    match = _LID.match(parts.path)
    return match[1] if match and _on(parts.hostname, "boxd.it") else None


def slug(url: str) -> str | None:
    """``blades-of-glory`` out of a link or path to a film page, None for anything else."""
    match = _SLUG.match(_parts(url).path)
    return match[1] if match else None


def _parts(url: str) -> urllib.parse.SplitResult:
    try:
        return urllib.parse.urlsplit(url.strip())
    except ValueError:
        return urllib.parse.SplitResult("", "", "", "", "")


def _on(host: str | None, domain: str) -> bool:
    return host is not None and (host == domain or host.endswith(f".{domain}"))
