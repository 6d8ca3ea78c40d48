"""``python main.py …`` is ``movie-sync …``."""

import sys

try:
    from movie_sync.cli import main
except ModuleNotFoundError as exc:
    sys.exit(f"{exc.name} is not installed. Install what Movie Sync needs: pip install -r requirements.txt")

if __name__ == "__main__":
    main()
