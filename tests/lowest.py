"""Print pip constraints that pin every dependency to the lowest version pyproject.toml allows."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def constraints(project: Path = PROJECT) -> list[str]:
    """``name==version`` of each dependency, those of the extra ``builtin`` included."""
    table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    wanted = [*table["dependencies"], *table["optional-dependencies"]["builtin"]]
    return [re.sub(r"^([\w.-]+)>=([\w.]+)", r"\1==\2", one) for one in wanted]


if __name__ == "__main__":
    print("\n".join(constraints()))
