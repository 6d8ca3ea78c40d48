"""Fail when any file of the package has less than 90 % of its lines covered by the run before."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

FLOOR = 90.0


def main() -> int:
    subprocess.run([sys.executable, "-m", "coverage", "combine", "--append", "-q"], check=False, capture_output=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)], check=True)
        data = json.loads(report.read_text(encoding="utf-8"))
    rows = sorted((entry["summary"]["percent_covered"], name) for name, entry in data["files"].items())
    low = [(percent, name) for percent, name in rows if percent < FLOOR]
    for percent, name in low:
        sys.stderr.write(f"{name}: {percent:.0f} % of its lines are covered, {FLOOR:.0f} % are asked for\n")
    sys.stdout.write(f"line coverage: {data['totals']['percent_covered']:.1f} % in all, lowest {rows[0][0]:.0f} %\n")
    return bool(low)


if __name__ == "__main__":
    sys.exit(main())
