"""Copies of an archive: back-up and restore."""
