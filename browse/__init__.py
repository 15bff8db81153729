"""How people read the archive: its index, the web pages, feeds and exports."""
