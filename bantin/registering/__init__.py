"""Changes of the registry of sources, and what becomes of the archive then."""
