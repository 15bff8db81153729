"""Keeping pandas out of processes of our own.

pyarrow imports pandas, where it is installed, only to ask whether a list is a Series: 60 MB of memory and half a second
that neither a crawl nor a command needs.
"""

import sys
from importlib.abc import MetaPathFinder


class _NoPandas(MetaPathFinder):
    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def block_pandas() -> None:
    """From here on, this process finds no pandas."""
    sys.meta_path.insert(0, _NoPandas())
