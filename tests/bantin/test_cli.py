"""The command line as a user meets it: in a process of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Any

import psutil
import pytest

from bantin.run import run_source
from bantin.settings import Settings
from demo import DemoWeb
from model.source import Source, dump_source
from storage import keys
from storage.reports import read_report
from storage.store import open_store
from tests.conftest import demo_source, slow_source, trouble_source
from tests.forked import run_command

PAGE = """<!DOCTYPE html><html lang="vi"><head><title>Hội đua thuyền làng Vạn - Báo Sông Lau</title>
<meta property="og:site_name" content="Báo Sông Lau">
<meta property="article:published_time" content="2026-10-12T08:00:00+07:00">
</head><body><h1>Hội đua thuyền làng Vạn</h1><article>
<p>Sáng 12/10, tám đội thuyền đã về đích trên khúc sông dài hai cây số trước đình làng, giữa tiếng trống các giáp.</p>
<p>Năm nay ban tổ chức lần đầu dùng cọc tiêu nổi, nhờ đó các đội không còn tranh nhau làn nước như mọi năm.</p>
<p>Đội giáp Đông thắng với khoảng cách nửa thân thuyền và giữ cờ hội đến mùa sau, theo lệ đã có từ đời các cụ.</p>
</article><div class="comments"><h4>Bình luận (0)</h4></div></body></html>"""

BANTIN = [sys.executable, "-c", "from bantin.cli import main; main()"]


def bantin(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs the command, in a fork."""
    return run_command([*map(str, words)], **options)


def test_clean_prints_one_json_object_a_page(tmp_path: Path) -> None:
    page = tmp_path / "trang.html"
    page.write_text(PAGE, "utf-8")
    command = [*BANTIN, "clean", page, "--url", "https://bao.example/hoi-dua-thuyen", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    article = json.loads(done.stdout)
    assert article["title"] == "Hội đua thuyền làng Vạn"
    assert article["published_on"] == "2026-10-12"
    assert article["text"].startswith("Sáng 12/10")
    assert "Bình luận" not in article["text"]
    assert {"id", "source", "url", "author", "published_at", "language", "images", "removed", "spam"} <= set(article)


def test_clean_shows_what_was_removed_and_why(tmp_path: Path) -> None:
    page = tmp_path / "trang.html"
    page.write_text(PAGE, "utf-8")
    done = bantin("clean", page, "--url", "https://bao.example/hoi-dua-thuyen")
    assert "Bình luận (0)" in done.stdout
    assert "comments" in done.stdout


def test_clean_names_a_picture_with_its_caption_and_credit(tmp_path: Path) -> None:
    page = tmp_path / "trang.html"
    figure = '<figure><img src="/a.jpg"><figcaption>Thuyền về bến. Ảnh: Hà Thu</figcaption></figure>'
    page.write_text(PAGE.replace("</h1>", f"</h1>{figure}", 1), "utf-8")
    done = bantin("clean", page, "--url", "https://bao.example/hoi-dua-thuyen")
    assert "https://bao.example/a.jpg Thuyền về bến. (Hà Thu)" in done.stdout


def test_clean_says_why_a_page_is_no_article(tmp_path: Path) -> None:
    picture = tmp_path / "anh.html"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    done = bantin("clean", picture, "--url", "https://bao.example/x", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["rejected"].startswith("not-html: ")


def test_an_escape_sequence_in_a_title_does_not_reach_the_terminal(tmp_path: Path) -> None:
    page = tmp_path / "trang.html"
    page.write_text(PAGE.replace("<h1>Hội", "<h1>\x1b]0;chiếm\x07\x1b[31mHội"), "utf-8")
    done = bantin("clean", page, "--url", "https://bao.example/x")
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("show", "khong-co"), 1, "no article of this id"),
        (("crawl", "khong-co"), 2, "expected one of: baohatinh"),
        (("crawl",), 2, "name sources, or --all"),
        (("source", "list", "--sources", "/khong/co"), 2, "/khong/co: the folder: is not there"),
        (("clean", "/khong/co.html", "--url", "https://x.example/"), 2, "'/khong/co.html' does not exist"),
        (("clean", __file__, "--url", "x.example"), 2, "expected an absolute http(s) address"),
        (("list", "--archive", "gopher://x"), 1, "gopher://x"),
    ],
)
def test_a_mistake_of_the_user_is_one_clear_message(
    words: tuple[str, ...], code: int, told: str, tmp_path: Path
) -> None:
    done = bantin(*words, cwd=tmp_path)
    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_source_check_gives_one_line_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "sai.yaml"
    file.write_text("id: sai\nname: Sai\nurl: sai.example\nkind: blog\nlanguages: [vi]\nschedule: x\n")
    done = bantin("source", "check", file)
    assert done.returncode == 2
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert all(line.startswith(f"{file}: ") for line in lines)
    assert bantin("source", "check").returncode == 0


def test_a_crawl_prints_plain_lines_where_there_is_no_terminal(
    web: DemoWeb, settings: Settings, tmp_path: Path
) -> None:
    environment = {**os.environ, **settings.environment()}
    done = bantin("crawl", "demo-paper", "--archive", settings.archive, env=environment)
    assert done.returncode == 0, done.stderr
    assert "✓ demo-paper" in done.stdout
    assert "8 new" in done.stdout
    assert "article addresses" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    rows = bantin("list", "--archive", settings.archive).stdout.splitlines()
    assert len(rows) == 8
    first = rows[0].split("\t")
    shown = bantin("show", first[0], "--archive", settings.archive, "--json")
    assert json.loads(shown.stdout)["title"] == first[4]


def test_a_failed_crawl_exits_with_one_and_the_others_go_on(web: DemoWeb, settings: Settings) -> None:
    web.fail("http://paper.example/rss/home.rss", times=None)
    environment = {**os.environ, **settings.environment()}
    done = bantin("crawl", "demo-paper", "demo-portal", "--archive", settings.archive, env=environment)
    assert done.returncode == 1
    assert "demo-paper: 1 of 2 ways in failed: http://paper.example/rss/home.rss: HTTP 500" in done.stderr
    assert "✓ demo-portal" in done.stdout
    (how,) = re.findall(
        r"a further attempt goes on from what is stored: bantin (crawl demo-paper --run \S+)", done.stderr
    )
    web.heal()
    again = bantin(*how.split(), "--archive", settings.archive, env=environment)
    assert (again.returncode, "✓ demo-paper" in again.stdout) == (0, True)


def test_what_is_wrong_with_a_sources_file_names_the_source_once(settings: Settings) -> None:
    environment = {**os.environ, **settings.environment(), "BANTIN_DEMO_PROXY": "socks5://gate.example:1080"}
    done = bantin("crawl", "demo-paper", "--archive", settings.archive, env=environment)
    assert done.returncode == 1
    assert "bantin: demo-paper: fetch.proxy: " in done.stderr


def registry(folder: Path, *sources: Source) -> list[str]:
    """Writes a folder of source files; returns the words that name it."""
    folder.mkdir()
    for source in sources:
        (folder / f"{source.id}.yaml").write_text(dump_source(source), "utf-8")
    return ["--sources", str(folder)]


def renamed(source: Source, source_id: str, **changes: Any) -> Source:
    """A copy under another id, with `changes` of its fetch section."""
    return source.model_copy(update={"id": source_id, "fetch": source.fetch.model_copy(update=changes)})


def test_a_host_that_answers_nobody_holds_up_nobody(web: DemoWeb, settings: Settings, tmp_path: Path) -> None:
    black_hole = socket.create_server(("127.0.0.1", 0))  # takes connections, and never answers
    proxy = f"http://127.0.0.1:{black_hole.getsockname()[1]}"
    dead = renamed(trouble_source("/"), "a-dead-one", proxy=proxy, timeout_s=100)
    others = [demo_source(name) for name in ("paper", "portal", "aggregator")]
    named = registry(tmp_path / "sources", dead, *others)
    environment = {**os.environ, **settings.environment()}
    lines = []
    with subprocess.Popen(
        [*BANTIN, "crawl", "--all", *named], env=environment, stdout=PIPE, stderr=STDOUT, text=True
    ) as crawl:
        assert crawl.stdout is not None
        for line in crawl.stdout:
            lines.append(line)
            if sum(one.startswith("✓") for one in lines) == 3:
                black_hole.close()  # the others are done: now it may end too
    assert crawl.returncode == 1, lines
    ended = [line.split("  ")[0] for line in lines if line.startswith(("✓", "bantin: "))]
    assert set(ended[:3]) == {"✓ demo-paper", "✓ demo-portal", "✓ demo-aggregator"}
    assert ended[3].startswith("bantin: a-dead-one: ")
    assert [
        line
        for line in lines
        if "article addresses" in line and re.search(" demo-paper [0-9TZ]+: http://paper.example/", line)
    ]
    assert len({run_in(line) for line in lines if line.startswith("✓")}) == 1


def test_sources_of_one_group_are_crawled_one_by_one(web: DemoWeb, settings: Settings, tmp_path: Path) -> None:
    both = [renamed(demo_source("paper"), name, group="paper") for name in ("one", "other")]
    environment = {**os.environ, **settings.environment()}
    done = bantin("crawl", "one", "other", "one", *registry(tmp_path / "sources", *both), env=environment)
    assert done.returncode == 0, done.stderr
    assert [line.split("  ")[0] for line in done.stdout.splitlines() if "✓" in line] == ["✓ one", "✓ other"]
    first, second = (read_report(open_store(settings.archive), name, run_in(done.stdout)) for name in ("one", "other"))
    assert first is not None
    assert second is not None
    assert first.timings_s["fetch"] > 0
    assert second.started_at - first.started_at >= timedelta(seconds=first.timings_s["fetch"])


def run_in(printed: str) -> str:
    """The run that the first report names."""
    return printed.partition("  run ")[2][:16]


def test_ctrl_c_stops_all_stores_what_they_have_and_says_how_to_go_on(
    web: DemoWeb, settings: Settings, tmp_path: Path
) -> None:
    slow = [renamed(slow_source(), name) for name in ("one", "other", "waiting")]
    named = registry(tmp_path / "sources", *slow)
    run = "20261122T000000Z"
    command = [*BANTIN, "crawl", "--all", "--jobs", "2", *named, "--run", run]
    environment = {**os.environ, **settings.environment()}
    with subprocess.Popen(command, env=environment, stderr=PIPE, text=True) as crawl:
        deadline = time.monotonic() + 60
        while web.count("http://trouble.example/redirect/0") < 2:
            assert crawl.poll() is None, "it ended by itself"
            assert time.monotonic() < deadline
            time.sleep(0.1)
        children = psutil.Process(crawl.pid).children(recursive=True)
        crawl.send_signal(signal.SIGINT)
        assert crawl.stderr is not None
        told = crawl.stderr.read()
    assert crawl.returncode == 75
    assert told.splitlines()[-1].endswith(f"from what is stored: bantin crawl one other waiting --run {run}")
    assert "Traceback" not in told
    store = open_store(settings.archive)
    for name, stored in (("one", True), ("other", True), ("waiting", False)):
        assert bool(list(store.list(keys.raw_prefix(name, run)))) is stored
    assert psutil.wait_procs(children, timeout=5)[1] == []


def test_the_pools_of_groups_are_printed_as_airflow_reads_them(settings: Settings, tmp_path: Path) -> None:
    named = registry(
        tmp_path / "sources", renamed(demo_source("paper"), "one", group="ninh-binh"), demo_source("portal")
    )
    printed = json.loads(bantin("source", "pools", *named).stdout)
    assert list(printed) == ["clean", "crawl", "group-ninh-binh"]
    assert printed["group-ninh-binh"]["slots"] == 1


def test_reading_does_not_load_what_crawling_needs(web: DemoWeb, settings: Settings) -> None:
    run_source(demo_source("portal"), settings, "20261122T000000Z")
    code = "import sys; from bantin.cli import main; main({!r}, standalone_mode=False); print(sorted(sys.modules))"
    for words in (["list", "--archive", settings.archive], ["source", "list"]):
        done = subprocess.run([sys.executable, "-c", code.format(words)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        loaded = done.stdout.splitlines()[-1]
        assert not [name for name in ("'airflow'", "'scrapy'", "'trafilatura'", "'boto3'") if name in loaded]


def test_an_error_that_quotes_an_escape_sequence_does_not_reach_the_terminal_as_one() -> None:
    result = bantin("export", "a\x1b[2J")
    assert (result.returncode, "\x1b" in result.stdout + (result.stderr or "")) == (1, False)


@pytest.mark.parametrize(
    "words", [("list",), ("lake",), ("audit",), ("rerun", "--failed"), ("export", "rows.jsonl", "--force")]
)
def test_an_archive_that_is_not_there_is_an_error_and_nothing_is_written(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "rows.jsonl").write_text("what was exported before")
    (tmp_path / "mounted").mkdir()  # with nothing in it: its disk is not
    for archive in ("mistyped", "mounted"):
        done = bantin(*words, "--archive", tmp_path / archive, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"{tmp_path / archive}: no archive: expected one there" in done.stderr
    assert not (tmp_path / "mistyped").exists()
    assert (tmp_path / "rows.jsonl").read_text() == "what was exported before"
