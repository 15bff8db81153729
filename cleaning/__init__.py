"""How a fetched page becomes an article: pure functions around trafilatura. Of ours, imports `model` alone."""

from cleaning.cleaner import clean
from cleaning.version import cleaner_version

__all__ = ["clean", "cleaner_version"]
