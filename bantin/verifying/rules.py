"""A run's rules that are lost: where they are looked for, and what takes their place."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress

from bantin.registry import find_source
from bantin.settings import Settings
from bantin.verifying.displacing import displace
from bantin.verifying.findings import Repaired
from model.errors import SourceError
from model.source import dump_source, parse_source
from storage import keys
from storage.errors import KeyNotFound
from storage.store import ObjectStore

_REGISTRY = "the registry's present file"


def mend_rules(
    store: ObjectStore, settings: Settings, source: str, run: str, sha256: str | None, seen: str | None
) -> Repaired:
    """Puts in the place of the run's rules those of the hash `sha256` that its report names, wherever they are kept: a
    re-clean has replaced them, or gave them to other runs, too. Where they are the newest attempt's already, which was
    killed before its report, they stay. Else the newest attempt's, and where there are none any more, or a re-clean has
    replaced them, the registry's.
    `seen` is the ETag of those that were judged. Raises `Meanwhile` where others stand there now."""
    key = keys.run_source(source, run)
    attempts = sorted(
        (info.key for info in store.list(keys.work_prefix(source, run)) if info.key.endswith(".yaml")),
        key=keys.attempt_of,
        reverse=True,
    )
    known = {place: store.get(place) for place in attempts}
    if attempts and store.head(key) and known[attempts[0]] == store.get(key):
        return Repaired(f"{key}: it stays: it is {attempts[0]}, of an attempt that did not come to its report")
    if sha256 and (found := next(_of_hash(store, settings, source, run, sha256, known), None)):
        whence, data = found
    elif attempts and not (_were_replaced(store, source, run, known[attempts[0]]) and _registers(settings, source)):
        whence, data = attempts[0], known[attempts[0]]
    else:
        whence, data = _REGISTRY, dump_source(find_source(settings.sources, source)).encode()
    parse_source(data.decode(), whence)
    displace(store, key, seen, data)
    same = hashlib.sha256(data).hexdigest() == sha256
    unsure = "the run may have used others" if sha256 is None else "the run's report names others, which are not found"
    return Repaired(f"{key}: taken from {whence}" + ("" if same else f": {unsure}"), differs=not same)


def _were_replaced(store: ObjectStore, source: str, run: str, rules: bytes) -> bool:
    """Whether a re-clean has put these rules away: the run's were others in the end, most likely the registry's."""
    return store.head(keys.superseded_rules(source, run, hashlib.sha256(rules).hexdigest())) is not None


def _registers(settings: Settings, source: str) -> bool:
    try:
        find_source(settings.sources, source)
    except SourceError:
        return False
    return True


def _of_hash(
    store: ObjectStore, settings: Settings, source: str, run: str, sha256: str, attempts: dict[str, bytes]
) -> Iterator[tuple[str, bytes]]:
    """Where rules of this hash are kept, and they: among the attempts' and the replaced ones of the run, in the
    registry, and with the other runs of the source."""
    for place, data in _candidates(store, settings, source, run, sha256, attempts):
        if hashlib.sha256(data).hexdigest() == sha256:
            yield place, data


def _candidates(
    store: ObjectStore, settings: Settings, source: str, run: str, sha256: str, attempts: dict[str, bytes]
) -> Iterator[tuple[str, bytes]]:
    yield from attempts.items()
    with suppress(KeyNotFound):
        kept = keys.superseded_rules(source, run, sha256)
        yield kept, store.get(kept)
    with suppress(SourceError):
        yield _REGISTRY, dump_source(find_source(settings.sources, source)).encode()
    places = (info.key for info in store.list(keys.reports_prefix(source)) if info.key.endswith("/source.yaml"))
    replaced = (info.key for info in store.list(keys.superseded_prefix(source)) if info.key.endswith(f"/{sha256}.yaml"))
    for place in (*sorted(places, reverse=True), *replaced):
        with suppress(KeyNotFound):
            yield place, store.get(place)
