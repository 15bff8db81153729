"""`bantin verify` and `bantin copy`: whether the archive still holds what was stored, repair, back-up and restore."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bantin.commands.options import (
    console,
    run_option,
    runs_since,
    settings_of,
    sources_argument,
    sources_option,
    with_archive,
)
from bantin.errors import INTERRUPTED

if TYPE_CHECKING:
    from bantin.settings import Settings
    from bantin.verifying.findings import Finding
    from storage.store import ObjectStore


@click.command(short_help="Check what is stored; repair what can be.")
@with_archive
@sources_argument
@run_option
@runs_since
@click.option("--quick", is_flag=True, help="Sizes, reports and the tables' footers only: finds no bit rot.")
@click.option("--repair", is_flag=True, help="Make anew what WARC parts can give; what is damaged is kept in damaged/.")
@click.option("--json", "json_", is_flag=True, help="One JSON object a finding.")
def verify(
    archive: str | None,
    sources: Path | None,
    ids: tuple[str, ...],
    run: str | None,
    since: date | None,
    quick: bool,
    repair: bool,
    json_: bool,
) -> None:
    """Check what is stored against its reports: hashes, sizes, counts, WARC records, versions, orphans.

    A line a finding; exits with 1 where something is wrong. Notes (orphans) are no mistakes.
    """
    from bantin.logs import complain
    from bantin.progress import counted
    from bantin.verifying.findings import Trouble
    from bantin.verifying.revisits import Bodies
    from bantin.verifying.verify import verify as findings_in
    from storage.store import open_store

    if repair and quick:
        raise click.UsageError("--repair: expected a whole check, without --quick")
    settings = settings_of(archive, sources)
    bodies = Bodies(open_store(settings.archive))
    out, wrong, checked, notes = console(), [], 0, 0
    with counted(console(stderr=True), "verified") as (on_done,):

        def count(done: int, of: int) -> None:
            nonlocal checked
            checked = of
            on_done(done, of)

        for finding in findings_in(settings, ids, run=run, since=since, quick=quick, on_done=count, bodies=bodies):
            _show(finding, json_)
            if finding.harmless:
                notes += 1
            else:
                wrong.append(finding)
    if not (checked or wrong):  # a mistyped address, or a disk that is not mounted, is not whole
        what = "nothing is stored of what you name: expected" if ids or run or since else "no archive: expected"
        complain(f"{settings.archive}: {what} a source or run there")
        raise SystemExit(1)
    differs = False
    if repair and wrong:
        wrong, differs = _repair(settings, wrong, json_)
        wrong = [one for one in wrong if one.trouble != Trouble.BODY]
        for finding in bodies.lost_of_all():  # a captures table that was made anew may have brought some back
            _show(finding, json_)
            wrong.append(finding)
    if not json_:
        whole = "nothing is damaged now, but not all is as it was stored" if differs else "all is as it was stored"
        told = f"{len(wrong)} finding{'s' if len(wrong) > 1 else ''}" if wrong else whole
        out.print(told + (f"; {notes} note{'s' if notes > 1 else ''}" if notes else ""), markup=False)
    if wrong:
        raise SystemExit(1)


@click.command(short_help="Copy an archive to another store: back-up and restore.")
@click.argument("from_", metavar="FROM")
@click.argument("to", metavar="TO")
@sources_option
@runs_since
@click.option("--check", is_flag=True, help="Read what is there already on both sides, and compare.")
@click.option("--jobs", type=click.IntRange(1), default=4, show_default=True, help="So many objects at a time.")
def copy(from_: str, to: str, ids: tuple[str, ...], since: date | None, check: bool, jobs: int) -> None:
    """Copy an archive to another store, or restore it from there: folders or s3://bucket/prefix.

    What is there already is left out, so a copy that was broken off goes on. Exits with 1 where an object was refused.
    """
    from collections import Counter

    from bantin.copying.copy import WRONG, Outcome
    from bantin.copying.copy import copy as copy_objects
    from bantin.logs import complain
    from bantin.progress import counted
    from bantin.settings import absolute
    from browse.escaping import safe

    counts: Counter[Outcome] = Counter()
    size_bytes = 0
    origin, target = absolute(from_), absolute(to)
    try:
        with counted(console(stderr=True), "copied") as (on_done,):
            for one in copy_objects(origin, target, ids, since=since, check=check, jobs=jobs, on_done=on_done):
                counts[one.outcome] += 1
                size_bytes += one.size_bytes
                if one.outcome not in (Outcome.COPIED, Outcome.THERE):
                    click.echo(safe(one))
    except KeyboardInterrupt:
        complain("interrupted; what is copied is kept: the same command goes on from there")
        raise SystemExit(INTERRUPTED) from None
    if not counts and since is None:  # a mistyped address is no back-up
        complain(f"{origin}: nothing is stored there: expected an archive to copy")
        raise SystemExit(1)
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()) or "nothing to copy"
    console().print(f"{told} ({size_bytes / 1e6:.1f} MB)", markup=False)
    if any(counts[outcome] for outcome in WRONG):
        raise SystemExit(1)


def _show(finding: "Finding", json_: bool) -> None:
    import json

    from browse.escaping import safe

    click.echo(json.dumps(finding.as_json(), ensure_ascii=False) if json_ else safe(finding))


def _repair(settings: "Settings", wrong: "Iterable[Finding]", json_: bool) -> "tuple[list[Finding], bool]":
    """Repairs run by run; returns what is wrong afterwards, and whether what was made anew differs from what was
    stored."""
    from bantin.verifying.findings import Trouble
    from bantin.verifying.repair import repair_run
    from bantin.verifying.verify import check_run
    from browse.escaping import safe
    from storage.store import open_store

    store, left, differs = open_store(settings.archive), [], False
    runs: dict[tuple[str, str], list[Finding]] = {}
    gone: list[Finding] = []
    months: list[Finding] = []
    for finding in wrong:
        if finding.source and finding.run and _is_of_run(finding) and finding.trouble != Trouble.GONE:
            runs.setdefault((finding.source, finding.run), []).append(finding)
        elif finding.key.startswith("lake/"):
            months.append(finding)
        elif finding.source and finding.trouble == Trouble.GONE:
            gone.append(finding)
        else:
            left.append(finding)
    for (source, run), findings in sorted(runs.items()):
        with _others_go_on(f"{source}, run {run}: the rest of it"):
            for one in repair_run(settings, source, run, findings):
                differs = differs or one.differs
                click.echo(f"repair: {safe(one)}", err=True)
        after = [one for one in check_run(store, source, run) if not one.harmless and _is_of_run(one)]
        told_of = {one.key for one in after}
        # What others named, and nothing of the run itself does.
        after += [one for one in findings if one.key not in told_of and _is_gone(store, one)]
        for finding in after:
            _show(finding, json_)
            left.append(finding)
    back, is_made = _put_back(settings, gone, json_)
    return left + back + _rebuild(settings, months, json_), differs or is_made


def _put_back(settings: "Settings", gone: "list[Finding]", json_: bool) -> "tuple[list[Finding], bool]":
    """Puts back what the lake has of runs that are gone altogether; returns what is wrong afterwards, and whether any
    was put back."""
    from bantin.verifying.lake_rows import put_back_gone
    from bantin.verifying.verify import check_run, gone_of
    from browse.escaping import safe
    from storage.store import open_store

    store, left, is_made = open_store(settings.archive), [], False
    for finding in gone:
        source, after = finding.source or "", []
        with _others_go_on(f"{finding.key}: the rest"):
            for run, one in put_back_gone(settings, source, finding.run):
                is_made = True
                click.echo(f"repair: {safe(one)}", err=True)
                after += [found for found in check_run(store, source, run) if not found.harmless]
        after += gone_of(store, source, finding.run)
        for found in after:
            _show(found, json_)
        left += after
    return left, is_made


@contextmanager
def _others_go_on(what: str) -> Iterator[None]:
    """Tells that `what` stays as it is, where it cannot be repaired, unless nothing else could be, or later it can."""
    from bantin.verifying.findings import told
    from browse.escaping import safe
    from model.errors import BantinError
    from storage.errors import StoreRefused

    try:
        yield
    except StoreRefused:
        raise
    except BantinError as err:
        if err.retryable:
            raise
        click.echo(f"repair: {what} stays as it is: {safe(told(err))}", err=True)


def _is_of_run(finding: "Finding") -> bool:
    return not finding.key.startswith("superseded/")


def _is_gone(store: "ObjectStore", finding: "Finding") -> bool:
    from bantin.verifying.findings import Trouble

    return finding.trouble == Trouble.MISSING and store.head(finding.key) is None


def _rebuild(settings: "Settings", months: "list[Finding]", json_: bool) -> "list[Finding]":
    """Builds damaged objects of the lake anew; returns what is wrong afterwards. They come after the runs: they are
    made of their tables."""
    from bantin.verifying.findings import Trouble
    from bantin.verifying.lake_repair import rebuild
    from bantin.verifying.verify import check_derived
    from browse.escaping import safe
    from storage.store import open_store

    store, left = open_store(settings.archive), []
    for finding in months:
        if finding.trouble == Trouble.VERSION:
            left.append(finding)
            continue
        with _others_go_on(f"{finding.key}: it"):
            click.echo(f"repair: {safe(rebuild(settings, finding.key))}", err=True)
        info = store.head(finding.key)
        for one in check_derived(store, info, quick=False) if info else ():
            _show(one, json_)
            left.append(one)
    return left
