"""A small world on loopback: a Letterboxd-like site, a FileList-like API, a tracker and a seeder.

The demo and the tests use the same replicas; they behave as the real services were seen to.
"""
