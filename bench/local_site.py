"""A generated news site behind nginx on loopback, for the benchmarks.

The generator is not part of the checkout: `bench/crawl/make_site.py` in the folder that BANTIN_SHARED names (default
../shared).
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("BANTIN_SHARED", CHECKOUT.parent / "shared"))
GENERATOR = SHARED / "bench" / "crawl" / "make_site.py"


SOURCE = """
id: bench
name: Bench
url: {base}/
kind: newspaper
languages: [vi]
schedule: "0 0 * * *"
discovery: {{sitemaps: ["{base}/{sitemap}"]}}
articles: {{allow: ['^/bai/']}}
fetch: {{delay_s: 0, concurrency: 8, allow_private: true, cloaking_probes: 0, revisit_min_h: 0}}
"""
"""A host of the site as a source, by one of its sitemaps."""


def missing() -> str | None:
    """What this machine lacks for the benchmark, if anything."""
    return None if GENERATOR.is_file() and shutil.which("nginx") else f"needs {GENERATOR} and nginx on the PATH"


@contextmanager
def local_site(folder: Path, pages: int, hosts: int = 1) -> Iterator[int]:
    """Serves `pages` articles from `folder`, divided among `hosts` (127.0.0.1, 127.0.0.2 …); gives the first host's
    port, each further host having the next. The files lie in `folder/www/host1` and so on."""
    folder.parent.chmod(0o755)  # nginx, started by root, reads as another user
    port = free_ports(hosts)
    build = [sys.executable, GENERATOR, "--out", folder, "--hosts", str(hosts), "--base-port", str(port)]
    subprocess.run([*build, "--articles", str(pages)], check=True, stdout=subprocess.DEVNULL)
    nginx = subprocess.Popen(
        ["nginx", "-p", f"{folder}/", "-c", "nginx.conf", "-g", "daemon off;"], stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port)
        yield port
    finally:
        nginx.terminate()
        nginx.wait()


def free_ports(count: int) -> int:
    """The first of `count` ports in a row that nobody listens on just now."""
    for first in range(20_000, 60_000, 997):
        probes = [socket.socket() for _ in range(count)]
        try:
            for number, probe in enumerate(probes):
                probe.bind(("127.0.0.1", first + number))
        except OSError:
            continue
        else:
            return first
        finally:
            for probe in probes:
                probe.close()
    raise SystemExit("no free ports")


def wait_for(port: int) -> None:
    """Returns once somebody listens."""
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("nginx did not start")
