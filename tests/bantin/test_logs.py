"""Log lines as JSON: each says of which source and run it is, the crawl's and the cleaner's too."""

import json
import logging
import os
import subprocess
import sys

import pytest
from structlog.contextvars import bound_contextvars, get_contextvars

from bantin.settings import Settings
from demo import DemoWeb
from model.logs import JsonLines, is_read, read_record
from storage.reports import list_reports
from storage.store import open_store

RUN = "20261122T000000Z"
LINES = JsonLines(get_contextvars, lambda text: text.replace("bí mật", "***"))


def a_record(message: str, error: Exception | None = None) -> logging.LogRecord:
    told = (type(error), error, None) if error else None
    return logging.LogRecord("bantin.clean", logging.WARNING, __file__, 1, "%s", (message,), told)


def test_a_line_says_when_how_bad_who_what_and_of_which_run() -> None:
    with bound_contextvars(source="kimson", run=RUN):
        line = LINES.format(a_record("hai\ndòng, bí mật", ValueError("bí mật")))
    told = json.loads(line)
    assert "\n" not in line
    assert list(told) == ["time", "level", "logger", "source", "run", "message", "exception"]
    assert (told["level"], told["logger"], told["source"], told["run"]) == ("warning", "bantin.clean", "kimson", RUN)
    assert (told["message"], told["exception"]) == ("hai\ndòng, ***", "ValueError: ***")


def test_what_was_written_is_read_back_and_written_the_same() -> None:
    line = LINES.format(a_record("hỏng", ValueError("x")))
    record = read_record(line)
    assert record is not None
    assert is_read(record)
    assert (record.levelno, record.getMessage()) == (logging.WARNING, "hỏng\nValueError: x")
    assert LINES.format(record) == line


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Traceback (most recent call last):",
        '{"time": ',
        '{"time": 1, "level": "info", "logger": "x", "message": "x"}',
        '{"time": "2026-11-22", "level": "loud", "logger": "x", "message": "x"}',
        '{"time": "2026-11-22T00:00:00+00:00", "level": 3, "logger": "x", "message": "x"}',
    ],
)
def test_other_lines_are_no_records(line: str) -> None:
    assert read_record(line) is None


def test_a_crawl_logs_json_lines_of_its_source_and_run(web: DemoWeb, settings: Settings) -> None:
    web.fail("http://paper.example/rss/home.rss", status=500, times=None)
    environment = {**os.environ, **settings.environment(), "BANTIN_LOG": "json"}
    command = [sys.executable, "-c", "from bantin.cli import main; main()", "crawl", "demo-paper", "demo-portal"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    *lines, how = [json.loads(line) for line in done.stderr.splitlines()]
    (run,) = {report.run for report in list_reports(open_store(settings.archive))}
    assert {line["source"] for line in lines} == {"demo-paper", "demo-portal"}
    assert {line["run"] for line in lines} == {run}
    loggers = {line["logger"] for line in lines if line["source"] == "demo-portal"}
    assert {"spiders", "bantin.fetch", "bantin.clean", "bantin.publish"} <= loggers
    (failed,) = [line for line in lines if line["logger"] == "bantin" and line["level"] == "error"]
    assert failed["message"].startswith("demo-paper: ")
    assert (how["run"], how["message"].split(": ")[1]) == (run, f"bantin crawl demo-paper --run {run}")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("verify",), 1, "no archive: expected a source or run there"),
        (("source", "list", "--sources", "nowhere"), 2, "nowhere: the folder: is not there"),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else "",
)
def test_what_a_command_complains_of_is_a_line_of_json(
    settings: Settings, words: tuple[str, ...], code: int, message: str
) -> None:
    environment = {**os.environ, **settings.environment(), "BANTIN_LOG": "json"}
    command = [sys.executable, "-c", "from bantin.cli import main; main()", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    told = json.loads(done.stderr)
    assert (done.returncode, told["level"], message in told["message"]) == (code, "error", True)


def test_a_word_that_names_no_form_is_refused(settings: Settings) -> None:
    command = [sys.executable, "-c", "from bantin.cli import main; main()", "source", "list"]
    done = subprocess.run(command, env={**os.environ, "BANTIN_LOG": "xml"}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "BANTIN_LOG: 'xml': expected text or json\n")
