"""Single remembered facts, by name."""

from movie_sync.store.connections import Connection


def get(tx: Connection, name: str) -> str | None:
    """The fact's text, None when it was never noted."""
    row = tx.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def put(tx: Connection, name: str, value: str) -> None:
    """Note a fact in place of the one before."""
    tx.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))
