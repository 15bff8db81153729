"""The archive in a browser: pages, their `.json` twins, feeds and exports. Everything shown is escaped."""
