"""The command line as a user meets it: in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bantin.run import run_source
from bantin.settings import Settings
from demo import DemoWeb
from tests.conftest import demo_source

PAGE = """<!DOCTYPE html><html lang="vi"><head><title>Hội đua thuyền làng Vạn - Báo Sông Lau</title>
<meta property="og:site_name" content="Báo Sông Lau">
<meta property="article:published_time" content="2026-10-12T08:00:00+07:00">
</head><body><h1>Hội đua thuyền làng Vạn</h1><article>
<p>Sáng 12/10, tám đội thuyền đã về đích trên khúc sông dài hai cây số trước đình làng, giữa tiếng trống các giáp.</p>
<p>Năm nay ban tổ chức lần đầu dùng cọc tiêu nổi, nhờ đó các đội không còn tranh nhau làn nước như mọi năm.</p>
<p>Đội giáp Đông thắng với khoảng cách nửa thân thuyền và giữ cờ hội đến mùa sau, theo lệ đã có từ đời các cụ.</p>
</article><div class="comments"><h4>Bình luận (0)</h4></div></body></html>"""


def bantin(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs the command."""
    command = [sys.executable, "-c", "from bantin.cli import main; main()", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def test_clean_prints_one_json_object_a_page(tmp_path: Path) -> None:
    page = tmp_path / "trang.html"
    page.write_text(PAGE, "utf-8")
    done = bantin("clean", page, "--url", "https://bao.example/hoi-dua-thuyen", "--json")
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
    assert "demo-paper: 1 of 3 ways in failed: http://paper.example/rss/home.rss: HTTP 500" in done.stderr
    assert "✓ demo-portal" in done.stdout


def test_reading_does_not_load_what_crawling_needs(web: DemoWeb, settings: Settings) -> None:
    run_source(demo_source("portal"), settings, "20261122T000000Z")
    code = "import sys; from bantin.cli import main; main({!r}, standalone_mode=False); print(sorted(sys.modules))"
    for words in (["list", "--archive", settings.archive], ["source", "list"]):
        done = subprocess.run([sys.executable, "-c", code.format(words)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        loaded = done.stdout.splitlines()[-1]
        assert not [name for name in ("'airflow'", "'scrapy'", "'trafilatura'", "'boto3'") if name in loaded]
