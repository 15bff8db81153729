"""What a crawl costs: CPU a page against a bare Scrapy spider that keeps nothing, and peak memory.

    uv run python bench/crawl_cost.py [--pages 2000] [--rounds 5]

Both read the same sitemap of a generated site (make_site.py of the shared folder, named by BANTIN_SHARED, default
../shared) behind nginx on loopback, without delay, robots.txt obeyed. They run in turn; CPU is user + system of the
process, net of a crawl of one page, and the median of the rounds counts.
"""

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("BANTIN_SHARED", CHECKOUT.parent / "shared"))

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

SOURCE = """
id: bench
name: Bench
url: {base}/
kind: newspaper
languages: [vi]
schedule: "0 0 * * *"
discovery: {{sitemaps: ["{base}/{sitemap}"]}}
articles: {{allow: ['^/bai/']}}
fetch: {{delay_s: 0, concurrency: 8}}
"""


def main() -> int:
    """Builds the site, serves it, measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    generator = SHARED / "bench" / "crawl" / "make_site.py"
    if not generator.is_file() or not shutil.which("nginx"):
        print(f"skipped: needs {generator} and nginx on the PATH")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # nginx, started by root, reads as another user
        site = Path(folder, "site")
        port = free_port()
        build = [sys.executable, generator, "--out", site, "--hosts", "1", "--base-port", str(port)]
        subprocess.run([*build, "--articles", str(args.pages)], check=True, stdout=subprocess.DEVNULL)
        root = site / "www" / "host1"
        one = re.sub(r"(</url>).*(</urlset>)", r"\1\2", (root / "sitemap.xml").read_text(), flags=re.DOTALL)
        (root / "one.xml").write_text(one)
        nginx = subprocess.Popen(["nginx", "-p", f"{site}/", "-c", "nginx.conf", "-g", "daemon off;"])
        try:
            wait_for(port)
            measure(Path(folder), f"http://127.0.0.1:{port}", args.pages, args.rounds)
        finally:
            nginx.terminate()
            nginx.wait()
    return 0


def measure(folder: Path, base: str, pages: int, rounds: int) -> None:
    """Runs both in turn and prints the medians."""
    costs: dict[str, list[float]] = {"bare": [], "bantin": []}
    peaks: list[float] = []
    for number in range(rounds):
        for name, spent in costs.items():
            small, _ = once(name, folder, base, "one.xml", number)
            cpu, peak = once(name, folder, base, "sitemap.xml", number)
            spent.append(1000 * (cpu - small) / (pages - 1))
            peaks += [peak] if name == "bantin" else []
            print(f"round {number + 1}: {name}: {spent[-1]:.2f} ms CPU a page, peak {peak:.0f} MB", flush=True)
    bare, ours = (statistics.median(costs[name]) for name in ("bare", "bantin"))
    ratios = [b / a for a, b in zip(costs["bare"], costs["bantin"], strict=True)]
    print(
        f"{pages} pages, median of {rounds}: bare {bare:.2f} ms, bantin {ours:.2f} ms: {ours / bare:.2f}x "
        f"(rounds: {', '.join(f'{r:.2f}' for r in ratios)}); peak memory {max(peaks):.0f} MB"
    )


def once(name: str, folder: Path, base: str, sitemap: str, number: int) -> tuple[float, float]:
    """CPU seconds and peak megabytes of one crawl."""
    if name == "bare":
        command = [sys.executable, "-c", BARE, f"{base}/{sitemap}"]
    else:
        archive = folder / f"archive-{number}-{sitemap}"
        shutil.rmtree(archive, ignore_errors=True)
        work = archive / "work" / "src=bench" / "run=20261122T000000Z"
        work.mkdir(parents=True)
        (work / "attempt-1.yaml").write_text(SOURCE.format(base=base, sitemap=sitemap))
        command = [sys.executable, "-m", "spiders.crawl", "--archive", str(archive), "--source", "bench"]
        command += ["--run", "20261122T000000Z", "--attempt", "1", "--user-agent", "bantin-bench"]
    child = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    log = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{name} ended with {child.returncode}: {log.decode()[-2000:]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Returns once somebody listens."""
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("nginx did not start")


if __name__ == "__main__":
    sys.exit(main())
