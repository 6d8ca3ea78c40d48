"""The docs say what the program does: a setting, command or page that is missing fails here."""

import re
import runpy
from pathlib import Path

import pytest

from movie_sync.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "doc").glob("*.md")])


def test_the_page_of_settings_is_made_from_the_table() -> None:
    made: str = runpy.run_path(str(ROOT / "doc" / "generate.py"))["page"]()
    assert (ROOT / "doc" / "config.md").read_text(encoding="utf-8") == made, "run python doc/generate.py"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"movie-sync {command}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
