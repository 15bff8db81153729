"""Many sources at once, one of them slow and one dead: do the others finish as if those were not there?

    uv run python bench/many_sources.py [--sources 200] [--pages 5] [--jobs 8]

Each source is a host of its own behind nginx. `bantin crawl --all` crawls, cleans and publishes them twice, into
fresh archives: without and with the two troublemakers, which come first. The slow one takes 5 s over each answer, the
dead one takes connections and never answers (time-out 10 s, two retries).
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from local_site import CHECKOUT, local_site, missing

SLOW_S = 5

SOURCE = """
id: {id}
name: {id}
url: {base}/
kind: newspaper
languages: [vi]
schedule: "0 0 * * *"
discovery: {{listings: [{{url: "{base}{way_in}"}}]}}
articles: {{allow: ['^/bai/']}}
fetch: {{delay_s: 0, timeout_s: 10, concurrency: 2, allow_private: true, cloaking_probes: 0}}
"""


class Slow(BaseHTTPRequestHandler):
    """A list of thirty articles, and each of them, all after a while."""

    def do_GET(self) -> None:
        """Waits, then answers."""
        time.sleep(SLOW_S)
        links = "".join(f'<a href="/bai/{n}.html">Bài số {n}</a>' for n in range(30))
        self.send_response(404 if self.path == "/robots.txt" else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(f"<h1>{self.path}</h1>{links}".encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def troublemakers() -> Iterator[tuple[str, str]]:
    """Base addresses of a slow server and a dead one."""
    slow = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    slow.daemon_threads = True
    threading.Thread(target=slow.serve_forever, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as dead:
        yield f"http://127.0.0.1:{slow.server_port}", f"http://127.0.0.1:{dead.getsockname()[1]}"
    slow.shutdown()


def main() -> int:
    """Runs both rounds and compares them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=200)
    parser.add_argument("--pages", type=int, default=5, help="articles a source")
    parser.add_argument("--jobs", type=int, default=8)
    args = parser.parse_args()
    if lack := missing():
        print(f"skipped: {lack}")
        return 0
    with tempfile.TemporaryDirectory() as name, troublemakers() as (slow, dead):
        folder = Path(name)
        sources = folder / "sources"
        sources.mkdir()
        with local_site(folder / "site", args.sources * args.pages, args.sources) as port:
            for number in range(1, args.sources + 1):
                base = f"http://127.0.0.{number}:{port + number - 1}"
                text = SOURCE.format(id=f"good-{number:03}", base=base, way_in="/muc/thoi-su/trang-1.html")
                (sources / f"good-{number:03}.yaml").write_text(text)
            alone = last_good(folder / "archive-1", sources, args.jobs)
            for kind, base in (("a-dead", dead), ("a-slow", slow)):
                (sources / f"{kind}.yaml").write_text(SOURCE.format(id=kind, base=base, way_in="/"))
            beside = last_good(folder / "archive-2", sources, args.jobs)
    print(
        f"{args.sources} sources, {args.jobs} at a time: the last of them was published after {alone:.0f} s, and after "
        f"{beside:.0f} s beside a slow and a dead one: {beside / alone:.2f}x"
    )
    return 0


def last_good(archive: Path, sources: Path, jobs: int) -> float:
    """Crawls all; seconds until the last of the good sources was published."""
    started = time.time()
    command = [sys.executable, "-c", "from bantin.cli import main; main()", "crawl", "--all", "--jobs", str(jobs)]
    environment = {**os.environ, "ARCHIVE_URL": str(archive), "BANTIN_SOURCES": str(sources)}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    reports = [json.loads(path.read_text()) for path in archive.glob("runs/src=good-*/*/report.json")]
    published = [r for r in reports if r["state"] == "published"]
    good = len(list(sources.glob("good-*.yaml")))
    if len(published) != good:
        raise SystemExit(f"{len(published)} of {good} sources were published: {done.stderr[-2000:]}")
    last = max(datetime.fromisoformat(r["finished_at"]).timestamp() for r in published) - started
    print(f"{len(reports)} good sources published; all ended after {time.time() - started:.0f} s", flush=True)
    return last


if __name__ == "__main__":
    sys.exit(main())
