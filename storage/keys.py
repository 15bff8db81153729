"""Every key of the archive. No other module builds one; what a key names is told by storage/places.py.

    raw/src=S/run=R/attempt-A-part-N.warc.gz     create-only
    captures/src=S/day=D/R.parquet               the commit of fetch
    articles/src=S/day=D/R.parquet               the commit of publish
    runs/src=S/R/source.yaml  report.json        the rules the run used; what it did
    work/src=S/run=R/attempt-A.yaml              the rules attempt A crawls by; create-only, so it takes the number A
    work/src=S/run=R/attempt-A-part-N.parquet    cleaned parts on their way, and .rejected.json beside each
    work/src=S/run=R/reclean-HASH.parquet        what a re-clean made of the run, and .json beside it
    superseded/src=S/run=R/SHA256.parquet        an articles table that another one has replaced, by its own hash
    superseded/src=S/run=R/SHA256.SHA256.json    when the table of the first hash was put away, by the note's own hash
    superseded/src=S/run=R/SHA256.yaml           the rules that a re-clean has replaced, by their own hash
    lake/src=S/month=M.parquet                   derived: the articles of a source and a closed month
    index/manifest.json                          derived: of which files the index consists now
    index/files/SHA256                           a file of the index, under the hash of its bytes
    index/catalog/SHA256.parquet                 what runs and sources are, of one generation of the index
    frontier/src=S.parquet                       a snapshot of the frontier, for speed: it may be deleted at any time
    leases/src=S.json  group=G.json              which crawl is under way (storage/lease.py)
    alarms/standing.json                         what is wrong, who was told (storage/alarms.py)
    notices/src=S.json                           what became of a source: renamed, or retired (storage/notices.py)
    damaged/SHA256/KEY                           what repair has put another object in the place of, by its own hash

S is a source's id, R the run: its time in UTC to the second, D the day and M the month (`2026-11`) of that time. Parts
are numbered from 1.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from storage.errors import InvalidKey

RUN_FORMAT = "%Y%m%dT%H%M%SZ"
_SOURCE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_RUN = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PART = re.compile(
    r"raw/src=(?P<source>[^/]+)/run=(?P<run>[^/]+)/attempt-(?P<attempt>\d+)-part-(?P<part>\d+)\.warc\.gz"
)
_SRC = re.compile(r"/src=[^/]+/")
_ATTEMPT = re.compile(r"/attempt-(\d+)[.-]")


class PartName(NamedTuple):
    """What the key of a WARC part says."""

    source: str
    run: str
    attempt: int
    part: int


def run_id(moment: datetime) -> str:
    """The run that began at `moment` (aware): `20261122T000000Z`."""
    return moment.astimezone(UTC).strftime(RUN_FORMAT)


def run_time(run: str) -> datetime:
    """The moment a run's id stands for, in UTC. Raises `InvalidKey`."""
    try:
        return datetime.strptime(_checked(_RUN, run, "a run like 20261122T000000Z"), RUN_FORMAT).replace(tzinfo=UTC)
    except ValueError as err:
        raise InvalidKey(f"run {run!r}: expected a time in UTC like 20261122T000000Z", key=run) from err


def raw_prefix(source: str, run: str | None = None) -> str:
    """Where the WARC parts of a source, or of all attempts of one of its runs, begin."""
    return f"raw/src={_source(source)}/" + (f"run={_run(run)}/" if run is not None else "")


def raw_part(source: str, run: str, attempt: int, part: int) -> str:
    """The key of a WARC part."""
    return f"{raw_prefix(source, run)}attempt-{attempt}-part-{part}.warc.gz"


def parse_raw_part(key: str) -> PartName:
    """What `raw_part` was given. Raises `InvalidKey`."""
    found = _PART.fullmatch(key)
    if found is None:
        raise InvalidKey(f"{key!r}: expected raw/src=…/run=…/attempt-A-part-N.warc.gz", key=key)
    return PartName(found["source"], found["run"], int(found["attempt"]), int(found["part"]))


def captures(source: str, run: str) -> str:
    """The key of a run's captures table."""
    return f"{captures_prefix(source)}day={_day(run)}/{run}.parquet"


def captures_prefix(source: str) -> str:
    """Where the captures tables of a source begin."""
    return f"captures/src={_source(source)}/"


def articles(source: str, run: str) -> str:
    """The key of a run's articles table."""
    return f"{articles_prefix(source)}day={_day(run)}/{run}.parquet"


def articles_prefix(source: str | None = None) -> str:
    """Where the articles tables of a source, or of all sources, begin."""
    return f"articles/src={_source(source)}/" if source else "articles/"


def superseded(source: str, run: str, sha256: str) -> str:
    """Where an articles table that was replaced is kept; `sha256` is its bytes' hash, in hexadecimal digits."""
    return f"{superseded_prefix(source, run)}{sha256}.parquet"


def superseded_rules(source: str, run: str, sha256: str) -> str:
    """Where a run's source.yaml that was replaced is kept; `sha256` as above."""
    return f"{superseded_prefix(source, run)}{sha256}.yaml"


def superseded_note(source: str, run: str, table: str, sha256: str) -> str:
    """Where it is kept when an articles table was put away; `table` is the hash in its key, `sha256` the note's own."""
    return f"{superseded_prefix(source, run)}{table}.{sha256}.json"


def superseded_prefix(source: str, run: str | None = None) -> str:
    """Where the replaced articles tables of a source, or of one of its runs, begin."""
    return f"superseded/src={_source(source)}/" + (f"run={_run(run)}/" if run is not None else "")


def month_of(run: str) -> str:
    """The month of a run: `2026-11`."""
    return run_time(run).strftime("%Y-%m")


def lake(source: str, month: str) -> str:
    """The key of the articles of a source and a month (`2026-11`)."""
    return f"{lake_prefix(source)}month={_month(month)}.parquet"


def lake_prefix(source: str | None = None) -> str:
    """Where the monthly tables of a source, or of all sources, begin."""
    return f"lake/src={_source(source)}/" if source else "lake/"


def is_over(month: str, moment: datetime) -> bool:
    """Whether a month (`2026-11`) is over, in UTC, at `moment` (aware). Raises `InvalidKey`."""
    return _month(month) < f"{moment.astimezone(UTC):%Y-%m}"


def frontier(source: str) -> str:
    """The key of the snapshot of a source's frontier."""
    return f"frontier/src={_source(source)}.parquet"


def frontiers_prefix() -> str:
    """Where the snapshots of all sources begin."""
    return "frontier/"


def index_prefix() -> str:
    """Where all that belongs to the index begins."""
    return "index/"


def index_manifest() -> str:
    """The key of the object that says of which files the index consists."""
    return "index/manifest.json"


def index_file(sha256: str) -> str:
    """The key of a file of the index; `sha256` is its bytes' hash, in hexadecimal digits."""
    return f"index/files/{_checked(_SHA256, sha256, 'a SHA-256 in hexadecimal digits')}"


def index_catalog(sha256: str) -> str:
    """The key of a generation's catalog of runs and sources; `sha256` as above."""
    return f"index/catalog/{_checked(_SHA256, sha256, 'a SHA-256 in hexadecimal digits')}.parquet"


def run_source(source: str, run: str) -> str:
    """The key of the source.yaml a run used."""
    return f"runs/src={_source(source)}/{_run(run)}/source.yaml"


def report(source: str, run: str) -> str:
    """The key of a run's report."""
    return f"runs/src={_source(source)}/{_run(run)}/report.json"


def reports_prefix(source: str | None = None) -> str:
    """Where the run folders of a source, or of all sources, begin."""
    return f"runs/src={_source(source)}/" if source else "runs/"


def attempt_rules(source: str, run: str, attempt: int) -> str:
    """The key of the source.yaml that an attempt crawls by."""
    return f"{work_prefix(source, run)}attempt-{attempt}.yaml"


def work_prefix(source: str | None = None, run: str | None = None) -> str:
    """Where passing objects begin: all, those of a source, or of one of its runs."""
    of_source = "" if source is None else f"src={_source(source)}/"
    return f"work/{of_source}" + ("" if run is None else f"run={_run(run)}/")


def attempt_of(key: str) -> int:
    """The attempt that a part or an attempt's rules belong to; 0 where `key` is neither."""
    found = _ATTEMPT.search(key)
    return int(found[1]) if found else 0


def work_articles(part_key: str) -> str:
    """Where the articles cleaned from the WARC part at `part_key` wait for publish."""
    return _work(part_key, "parquet")


def work_rejected(part_key: str) -> str:
    """Where the rejections of the WARC part at `part_key` wait for publish."""
    return _work(part_key, "rejected.json")


def work_recleaned(source: str, run: str, fingerprint: str) -> str:
    """Where the articles that a re-clean made wait to be written. `fingerprint` (hexadecimal digits) is of all that
    they depend on: captures, rules, cleaner."""
    return f"{recleaned_prefix(source, run)}{fingerprint}.parquet"


def work_recleaned_told(source: str, run: str, fingerprint: str) -> str:
    """Where a re-clean's rejections wait; written after the articles, so that where this is, those are."""
    return f"{recleaned_prefix(source, run)}{fingerprint}.json"


def recleaned_prefix(source: str, run: str) -> str:
    """Where what re-cleans made of a run begins."""
    return f"{work_prefix(source, run)}reclean-"


def leases_prefix() -> str:
    """Where leases begin."""
    return "leases/"


def source_lease(source: str) -> str:
    """The key of the lease that keeps a second crawl of a source out."""
    return f"leases/src={_source(source)}.json"


def group_lease(group: str) -> str:
    """The key of the lease that sources of a politeness group share."""
    return f"leases/group={_checked(_SOURCE, group, 'the name of a group like ninh-binh')}.json"


def alarms() -> str:
    """The key of the alarms that stand."""
    return "alarms/standing.json"


def notice(source: str) -> str:
    """The key of the object that says what became of a source."""
    return f"notices/src={_source(source)}.json"


def moved(key: str, source: str) -> str:
    """The key of the same object of a run where its source is called `source`."""
    return _SRC.sub(f"/src={_source(source)}/", key, count=1)


def damaged(key: str, sha256: str) -> str:
    """Where the object at `key` is kept when another takes its place; `sha256` is its bytes' hash."""
    return f"damaged/{sha256}/{key}"


def source_prefixes(source: str) -> list[str]:
    """Where all that a source owns begins, but for what is passing or derived for speed alone."""
    return [
        f"{family}/src={_source(source)}/" for family in ("raw", "captures", "articles", "runs", "superseded", "lake")
    ]


def _work(part_key: str, ending: str) -> str:
    name = parse_raw_part(part_key)
    return f"{work_prefix(name.source, name.run)}attempt-{name.attempt}-part-{name.part}.{ending}"


def _source(source: str) -> str:
    return _checked(_SOURCE, source, "a source's id like kimson or vietnam-vn")


def _run(run: str) -> str:
    run_time(run)
    return run


def _day(run: str) -> str:
    return run_time(run).date().isoformat()


def _month(month: str) -> str:
    return _checked(_MONTH, month, "a month like 2026-11")


def _checked(pattern: re.Pattern[str], value: str, expected: str) -> str:
    if not pattern.fullmatch(value):
        raise InvalidKey(f"{value!r}: expected {expected}", key=value)
    return value
