"""Which sources somebody has tampered with, as far as the archive knows today."""

from browse.archive import Archive
from browse.catalog import RunEntry
from browse.query import parse_query


def tampered(archive: Archive) -> dict[str, RunEntry]:
    """By source, the newest run that found injected links, spam pages or cloaked pages: where that is the source's
    newest, or where articles as they are now still have such links, or are such pages.

    A page that has not changed since is not cleaned again, so that later runs find nothing on it.
    """
    catalog = archive.catalog
    newest = catalog.newest()
    still: set[str] = set()
    for words in ("is:injected", "is:quarantined"):
        facets = archive.index.search(parse_query(words), limit=0, facets=("source",), facet_limit=max(len(newest), 1))
        still |= {one.value for one in facets.facets["source"]}
    return {source: run for source, run in catalog.struck().items() if source in still or newest[source].run == run.run}
