"""Where bytes lie: the object store, its keys, WARC parts, the two tables, run reports and the frontier."""
