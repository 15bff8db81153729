"""What a second crawl of an unchanged site costs: requests that carry a body, bytes, new text versions.

    uv run python bench/recrawl.py [--pages 500]

First the generated site behind nginx, which has validators, then the demo's portal, which has none and whose counters,
views and dates change at every request: three more crawls of it must find no new text, and ask ever less often.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from local_site import CHECKOUT, SOURCE, local_site, missing

sys.path.insert(0, str(CHECKOUT))

from bantin.fetch import committed_captures
from bantin.run import run_source
from bantin.settings import Settings
from demo import SOURCES, DemoWeb
from model.capture import Kind
from model.source import Source, load_source, parse_source
from storage.frontier import fold
from storage.store import open_store

FAR = datetime(2100, 1, 1, tzinfo=UTC)


def main() -> int:
    """Crawls both sites again and again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=500)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        settings = replace(Settings.from_environment(), archive=f"{name}/archive", work=Path(name, "work"))
        if lack := missing():
            print(f"the site with validators is skipped: {lack}")
        else:
            with local_site(Path(name, "site"), args.pages) as port:
                source = parse_source(SOURCE.format(base=f"http://127.0.0.1:{port}", sitemap="sitemap.xml"), "bench")
                for number in range(2):
                    crawl(source, settings, f"2026112{number}T000000Z")
        with DemoWeb() as web:
            source = load_source(SOURCES / "demo-portal.yaml")
            fetch = {"delay_s": 0, "proxy": web.proxy_url, "revisit_min_h": 1, "cloaking_probes": 0}
            source = source.model_copy(update={"fetch": source.fetch.model_copy(update=fetch)})
            for number in range(4):
                crawl(source, settings, f"2026112{number}T000000Z")
                known = fold(open_store(settings.archive), source.id, min_h=1, max_h=720)
                hours = sorted({round(one.interval_h, 2) for one in known.due(FAR, {Kind.ARTICLE})})
                print(f"    intervals of its articles: {hours} h")
    return 0


def crawl(source: Source, settings: Settings, run: str) -> None:
    """One crawl, and what it asked for."""
    report = run_source(source, settings, run)
    captures = committed_captures(open_store(settings.archive), source.id, run) or []
    bodies = [c for c in captures if c.size_bytes]
    size = sum(c.size_bytes or 0 for c in captures)
    print(
        f"{source.id} {run}: {len(captures)} requests, {len(bodies)} with a body ({len(bodies) / len(captures):.1%}), "
        f"{size / 1e6:.2f} MB, {sum(c.unchanged for c in captures)} revisit records; {report.summary}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
