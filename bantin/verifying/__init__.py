"""Verify and repair: whether the archive holds what was stored, and what can be made anew."""
