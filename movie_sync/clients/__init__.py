"""Torrent clients: what takes a .torrent and fetches the film."""
