"""The library: what films are on disk already, and whether a name is this film."""
