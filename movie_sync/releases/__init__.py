"""Releases: what a name says, what is refused, what is best. All pure."""
