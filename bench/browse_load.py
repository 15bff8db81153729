"""What the pages take under load: latencies with 50 connections of wrk, memory, and what a first page costs a reader.

    uv run python bench/browse_load.py [--archive URL] [--articles 20000] [--seconds 30] [--connections 50]

Needs wrk, and a browser for the second half (Debian: apt-get install wrk chromium). Without --archive one is made, of
so many articles of bench/made_articles.py, and indexed. `bantin browse` serves it as it does by default (one process;
answers of 32 MB are kept), but without a limit of requests; wrk asks for home, search and article pages 1 : 2 : 7, as
browsers do on a first visit: with gzip and without ETags. Searches are drawn evenly from `QUERIES`; articles from the
newest `--hot` ones, the n-th with a weight of 1/n (Zipf's law), as readers do. The first round begins with nothing
kept; before the second each page has been asked for once, as it has some time after a new generation of the index; the
bounds are for this one. The server's own processor time is told, too, since what else the machine does is in the
latencies.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psutil

CHECKOUT = Path(__file__).resolve().parent.parent
BANTIN = [sys.executable, "-c", "from bantin.cli import main; main()"]
CHROMIUM = Path(os.environ.get("BANTIN_CHROMIUM", "/usr/bin/chromium"))
WORDS = ("lễ hội", "cầu", "sông", "y tế", "trường", '"mực nước"', "hop tac xa", "market", "harvest", "chợ phiên", "kè")
PLACES = ("Kim Sơn", "An Bình", "Hoa Lư", "Tân Phú", "Đông Hưng", "Phú Lộc", "Yên Mô", "Trà Cú", "Sông Cầu")
QUERIES = [f"{word} {place}".strip() for word in WORDS for place in ("", *PLACES)]
FIRST_PAGES = ("/", "/search?" + urlencode({"q": "lễ hội"}), "/sources")

MOST_P95_MS, MOST_MEMORY_MB, MOST_PAGE_BYTES = 200, 600, 60_000

SCRIPT = """
local paths = {}
for line in io.lines("%(paths)s") do table.insert(paths, line) end
local home, searches = paths[1], %(searches)d
init = function(args) math.randomseed(4711) end
request = function()
  local dice = math.random(10)
  local path
  if dice == 1 then path = home
  elseif dice <= 3 then path = paths[1 + math.random(searches)]
  else path = paths[1 + searches + math.floor((#paths - 1 - searches) ^ math.random())] end
  return wrk.format("GET", path, {["Accept-Encoding"] = "gzip", ["Accept-Language"] = "vi"})
end
done = function(summary, latency, requests)
  io.write(string.format('JSON {"p50": %%.1f, "p95": %%.1f, "p99": %%.1f, "requests": %%d, "seconds": %%.1f,',
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000,
    summary.requests, summary.duration / 1e6))
  local e = summary.errors
  io.write(string.format(' "failed": %%d}\\n', e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def main() -> int:
    """Measures, prints, and returns 1 where a bound is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", metavar="URL", help="with an index")
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--hot", type=int, default=3_000, help="so many articles are asked for")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bantin-browse-") as folder:
        archive = args.archive or made(Path(folder), args.articles)
        with served(archive, args.workers) as (address, process):
            failed = under_load(address, process, Path(folder), args)
            failed += first_pages(address)
    print("passed" if not failed else f"{failed} bounds passed over")
    return 1 if failed else 0


def made(folder: Path, articles: int) -> str:
    """An archive of so many articles, with its index."""
    sources = max(1, articles // 5_000)
    command = [sys.executable, CHECKOUT / "bench" / "million.py", "--step", "write runs", "--keep", folder]
    command += [f"--articles={articles}", f"--sources={sources}", "--days=50"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    archive = next(path.parent for path in folder.rglob("articles") if path.is_dir())
    began = time.perf_counter()
    subprocess.run([*BANTIN, "index", "--archive", archive], check=True, stderr=subprocess.DEVNULL)
    print(f"indexed in {time.perf_counter() - began:.0f} s")
    return str(archive)


@contextmanager
def served(archive: str, workers: int) -> Iterator[tuple[str, psutil.Process]]:
    """`bantin browse` on a free port: its address and its process."""
    command = [*BANTIN, "browse", "--archive", archive, "--port", "0", "--rate", "0", "--workers", str(workers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        said = ""
        while not (found := re.search(r"http://\S+\d", said)):
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"bantin browse did not start: {said}")
            said += line
        print(said.splitlines()[0])
        yield found[0], psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def under_load(address: str, process: psutil.Process, folder: Path, args: argparse.Namespace) -> int:
    """Runs wrk twice; returns how many bounds the second round passed over."""
    paths = folder / "paths"
    articles = hot_articles(address, args.hot)
    searches = [f"/search?{urlencode({'q': query})}" for query in QUERIES]
    paths.write_text("\n".join(["/", *searches, *(f"/articles/{one}" for one in articles)]) + "\n")
    script = folder / "mix.lua"
    script.write_text(SCRIPT % {"paths": paths, "searches": len(searches)})
    command = ["wrk", "-t1", f"-c{args.connections}", "--timeout", "30s", "-s", script, f"-d{args.seconds}s", address]
    print(f"{args.connections} connections, {len(articles)} articles, {len(searches)} searches")
    one_round("nothing kept", command, process)
    for path in paths.read_text().split():
        request = Request(address + path, headers={"Accept-Encoding": "gzip", "Accept-Language": "vi"})
        with urlopen(request) as answer:
            answer.read()
    return one_round("all kept", command, process)


def one_round(name: str, command: Sequence[str | Path], process: psutil.Process) -> int:
    """Runs wrk once, prints what it took; returns how many bounds were passed over."""
    began = cpu_s(process)
    with watched(process) as peak:
        said = subprocess.run(command, check=True, capture_output=True, text=True)
    told = json.loads(said.stdout.partition("JSON ")[2])
    rate, each_ms = told["requests"] / told["seconds"], 1000 * (cpu_s(process) - began) / told["requests"]
    print(
        f"{name}: {rate:.0f} answers/s, p50 {told['p50']:.0f} ms, p95 {told['p95']:.0f} ms, p99 {told['p99']:.0f} ms, "
        f"{told['failed']} failed; {each_ms:.1f} ms of processor an answer, memory {peak[0] / 1e6:.0f} MB "
        f"beside {peak[1] / 1e6:.0f} MB of files that are mapped"
    )
    return (told["p95"] > MOST_P95_MS) + (peak[0] > MOST_MEMORY_MB * 1e6) + bool(told["failed"])


def cpu_s(process: psutil.Process) -> float:
    """The processor time that the process and its children have taken, in seconds."""
    times = (one.cpu_times() for one in (process, *process.children(recursive=True)))
    return sum(one.user + one.system for one in times)


def hot_articles(address: str, most: int) -> list[str]:
    """The ids of the newest articles."""
    found: list[str] = []
    for number in range(1, -(-most // 100) + 1):
        with urlopen(f"{address}/search.json?order=newest&size=100&page={number}") as answer:
            hits = json.load(answer)["found"]["hits"]
        found += [hit["id"] for hit in hits]
        if len(hits) < 100:
            break
    return found[:most]


@contextmanager
def watched(process: psutil.Process) -> Iterator[list[int]]:
    """The most memory that the process and its children had at any moment, in bytes, and the most of the files that
    they map, which the system gives and takes as it has room; what they share counts once."""
    peak, ended = [0, 0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            family = [process, *process.children(recursive=True)]
            own, mapped = zip(*(memory_of(one.pid) for one in family), strict=True)
            peak[:] = max(peak[0], sum(own)), max(peak[1], sum(mapped))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def memory_of(pid: int) -> tuple[int, int]:
    """Bytes of memory that are the process's own, and of mapped files."""
    told = dict(line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    own, shared, mapped = (int(told[name].split()[0]) * 1024 for name in ("Pss_Anon", "Pss_Shmem", "Pss_File"))
    return own + shared, mapped


def first_pages(address: str) -> int:
    """What a browser that was never there loads, and whether anything moves; returns how many bounds were passed."""
    if not CHROMIUM.exists():
        print(f"no browser at {CHROMIUM}: first pages are not measured")
        return 0
    from playwright.sync_api import sync_playwright

    failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for path in FIRST_PAGES:
            for width in (390, 1400):
                page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
                loaded: list[int] = []
                session = page.context.new_cdp_session(page)
                session.send("Network.enable")
                session.on("Network.loadingFinished", lambda told, to=loaded: to.append(told["encodedDataLength"]))
                page.goto(f"{address}{path}", wait_until="networkidle")
                shift = page.evaluate(
                    """() => new Promise(told => {
                        let sum = 0;
                        new PerformanceObserver(list => { for (const one of list.getEntries()) sum += one.value; })
                            .observe({type: "layout-shift", buffered: true});
                        setTimeout(() => told(sum), 500);
                    })"""
                )
                size = int(sum(loaded))
                print(f"{path} at {width} px: {size / 1000:.1f} kB in {len(loaded)} answers, layout shift {shift:.3f}")
                failed += (size > MOST_PAGE_BYTES) + (shift > 0)
                page.context.close()
        browser.close()
    return failed


if __name__ == "__main__":
    sys.exit(main())
