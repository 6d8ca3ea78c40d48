"""The database, and the only SQL: connections and migrations, one module a group of tables."""

from movie_sync.store.connections import DATABASE_FILE, Store

__all__ = ["DATABASE_FILE", "Store"]
