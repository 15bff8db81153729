"""What a crawl costs: CPU a page and pages a second against a bare Scrapy spider that keeps nothing, and peak memory.

    uv run python bench/crawl_cost.py [--pages 2000] [--rounds 5] [--peers FOLDER]

Both read the same sitemap of a generated site behind nginx on loopback, without delay, robots.txt obeyed. They run in
turn; CPU is user + system of the process and its children, net of a crawl of one page, and the median of the rounds
counts. FOLDER holds the virtual environments of peers, measured in the same rounds: `v-fundus` (`pip install fundus
"curl_cffi<0.14"`) and `v-np` (`pip install news-please`).
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from local_site import CHECKOUT, GENERATOR, SOURCE, local_site, missing

BARE = """
import sys, scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.spiders import SitemapSpider
class Bare(SitemapSpider):
    name = "bare"
    sitemap_urls = [sys.argv[1]]
    custom_settings = {"ROBOTSTXT_OBEY": True, "LOG_LEVEL": "WARNING", "TELNETCONSOLE_ENABLED": False,
                       "REMOTE_CONTROL_ENABLED": False, "CONCURRENT_REQUESTS_PER_DOMAIN": 8}
    pages = 0
    def parse(self, response):
        self.pages += 1
    def closed(self, reason):
        print(self.pages)
process = CrawlerProcess()
process.crawl(Bare)
process.start()
"""

NEWS_PLEASE_PAGES = 100
"""So few, since it takes a sixth of a second a page."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took."""

    cpu_s: float
    wall_s: float
    peak_mb: float


def main() -> int:
    """Builds the site, serves it, measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=Path)
    args = parser.parse_args()
    if lack := missing():
        print(f"skipped: {lack}")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with local_site(folder / "site", args.pages) as port:
            root = folder / "site" / "www" / "host1"
            one = re.sub(r"(</url>).*(</urlset>)", r"\1\2", (root / "sitemap.xml").read_text(), flags=re.DOTALL)
            (root / "one.xml").write_text(one)
            measure(folder, port, args.pages, args.rounds, args.peers)
    return 0


def measure(folder: Path, port: int, pages: int, rounds: int, peers: Path | None) -> None:
    """Runs all in turn and prints the medians."""
    names = ["bare", "bantin", *(["fundus", "news-please"] if peers else [])]
    cpu: dict[str, list[float]] = {name: [] for name in names}
    rate: dict[str, list[float]] = {name: [] for name in names}
    peaks: list[float] = []
    for number in range(rounds):
        for name in names:
            most = NEWS_PLEASE_PAGES if name == "news-please" else pages
            small = once(command(name, folder, port, 1, number, peers))
            whole = once(command(name, folder, port, most, number, peers))
            cpu[name].append(1000 * (whole.cpu_s - small.cpu_s) / (most - 1))
            rate[name].append((most - 1) / max(0.001, whole.wall_s - small.wall_s))
            peaks += [whole.peak_mb] if name == "bantin" else []
            print(f"round {number + 1}: {name}: {cpu[name][-1]:.2f} ms CPU, {rate[name][-1]:.0f} pages/s", flush=True)
    for name in names:
        by_cpu = [one / bare for one, bare in zip(cpu[name], cpu["bare"], strict=True)]
        by_rate = [one / bare for one, bare in zip(rate[name], rate["bare"], strict=True)]
        print(
            f"{name}: {statistics.median(cpu[name]):.2f} ms CPU a page ({statistics.median(by_cpu):.2f}x bare; rounds "
            f"{min(by_cpu):.2f} to {max(by_cpu):.2f}), {statistics.median(rate[name]):.0f} pages/s "
            f"({statistics.median(by_rate):.2f}x bare)"
        )
    print(f"bantin's peak memory at {pages} pages: {max(peaks):.0f} MB")


def command(name: str, folder: Path, port: int, pages: int, number: int, peers: Path | None) -> list[str]:
    """How to crawl `pages` articles: all, or one."""
    base = f"http://127.0.0.1:{port}"
    sitemap = "one.xml" if pages == 1 else "sitemap.xml"
    scripts = GENERATOR.parent
    match name:
        case "bare":
            return [sys.executable, "-c", BARE, f"{base}/{sitemap}"]
        case "fundus":
            script = [f"{peers}/v-fundus/bin/python", str(scripts / "fundus_bench.py")]
            return [*script, "--hosts", "1", "--base-port", str(port), "--limit", str(pages)]
        case "news-please":
            script = [f"{peers}/v-np/bin/python", str(scripts / "newsplease_bench.py")]
            return [*script, "--urls", str(folder / "site" / "urls.txt"), "--limit", str(pages)]
    archive = folder / f"archive-{number}-{sitemap}"
    shutil.rmtree(archive, ignore_errors=True)
    work = archive / "work" / "src=bench" / "run=20261122T000000Z"
    work.mkdir(parents=True)
    (work / "attempt-1.yaml").write_text(SOURCE.format(base=base, sitemap=sitemap))
    crawl = [sys.executable, "-m", "spiders.crawl", "--archive", str(archive), "--source", "bench"]
    return [*crawl, "--run", "20261122T000000Z", "--attempt", "1", "--user-agent", "bantin-bench"]


def once(words: list[str]) -> Cost:
    """Runs a command to its end."""
    before = time.monotonic()
    child = subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    log = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{words[:3]} ended with {child.returncode}: {log.decode()[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - before, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    sys.exit(main())
