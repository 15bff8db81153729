"""What an archive's health is in numbers that Prometheus reads: https://prometheus.io/docs/instrumenting/exposition_formats/

A scrape asks the catalog, which is in memory, and reads one object, the standing alarms.
"""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from browse.archive import Archive
from browse.errors import NoIndex
from browse.health import health
from browse.registered import Registry

OF_RUN = ("new", "changed", "unchanged", "quarantined", "rejected", "waiting", "vanished", "retry")


class ArchiveCollector(Collector):
    """The metrics of an archive and its `registry`, as they are when they are asked for."""

    def __init__(self, archive: Archive, registry: Callable[[], Registry]) -> None:
        self._archive = archive
        self._registry = registry

    def describe(self) -> Iterable[Metric]:
        """Nothing: the archive is not asked when it is registered."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The metrics. Raises `SourceError`, `StorageError`."""
        found = health(self._archive, self._registry(), look=False)
        sources = [(one, [one.source]) for one in found.sources]
        yield _gauge(
            "source_last_success_timestamp_seconds",
            "When the last run that was published ended.",
            ((of, one.last_success.timestamp()) for one, of in sources if one.last_success),
        )
        yield _gauge(
            "source_lag_seconds",
            "How much later than scheduled that was, or another one is by now.",
            ((of, one.lag_s) for one, of in sources if one.lag_s is not None),
        )
        yield _gauge("source_failures", "Runs that failed since.", ((of, one.failures) for one, of in sources))
        yield _gauge(
            "source_trouble",
            "1 where it is failed, late, alarmed, or its file has mistakes.",
            ((of, one.standing.is_trouble) for one, of in sources),
        )
        yield _gauge(
            "source_articles_today",
            "New articles of today's runs (UTC).",
            ((of, one.today or 0) for one, of in sources),
        )
        yield _gauge(
            "source_articles_usual",
            "New articles that are usual for such a day.",
            ((of, one.usual) for one, of in sources if one.usual is not None),
        )
        yield _gauge(
            "alarms",
            "Alarms that stand; without a source, of the whole archive.",
            (
                ([source, alarm.kind, alarm.subject, str(alarm.severity)], 1)
                for source, alarms in [("", found.alarms), *((one.source, one.alarms) for one in found.sources)]
                for alarm in alarms
            ),
            labels=["source", "kind", "subject", "severity"],
        )
        yield from self._of_runs()

    def _of_runs(self) -> Iterable[Metric]:
        try:
            index = self._archive.index
        except NoIndex:
            return
        yield _gauge("index_generation", "The number of the index's generation.", [([], index.generation)], labels=[])
        yield _gauge(
            "index_built_timestamp_seconds",
            "When it was built: its age is time() less this.",
            [([], index.as_of.timestamp())],
            labels=[],
        )
        runs = index.catalog.newest().values()
        yield _gauge(
            "last_run_articles",
            "Articles and addresses of each source's newest run, by what became of them.",
            (([run.source, what], getattr(run, what)) for run in runs for what in OF_RUN),
            labels=["source", "what"],
        )
        yield _gauge(
            "last_run_errors",
            "Requests of it that failed or were blocked.",
            (([run.source], run.errors) for run in runs),
        )
        yield _gauge(
            "last_run_seconds",
            "How long it took, from its first attempt to its report.",
            (
                ([run.source], (run.finished_at - run.started_at).total_seconds())
                for run in runs
                if run.started_at and run.finished_at
            ),
        )


def metrics_of(archive: Archive, registry: Callable[[], Registry]) -> CollectorRegistry:
    """A collector registry of prometheus_client with the archive's metrics."""
    collectors = CollectorRegistry()
    collectors.register(ArchiveCollector(archive, registry))
    return collectors


def _gauge(
    name: str, text: str, values: Iterable[tuple[list[str], float | None]], labels: list[str] | None = None
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(f"bantin_{name}", text, labels=["source"] if labels is None else labels)
    for of, value in values:
        gauge.add_metric(of, float(value or 0))
    return gauge
