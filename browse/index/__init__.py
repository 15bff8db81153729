"""The index of the archive: built from the runs' tables, shipped through the object store, asked by queries."""
