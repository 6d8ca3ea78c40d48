"""``python -m movie_sync …`` is ``movie-sync …``."""

from movie_sync.cli import main

if __name__ == "__main__":
    main()
