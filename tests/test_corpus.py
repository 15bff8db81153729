"""The corpus of seed pages, served as two sites and crawled with the registry's own rules, in each of its skins."""

import importlib.util
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from bantin.run import run_source
from bantin.settings import CHECKOUT, Settings
from model.article import Article
from model.source import Source, load_source
from storage import keys
from storage.store import open_store
from storage.tables import read

SKINS = ("modern", "portal", "word", "breaks")
WAYS_IN: dict[str, dict[str, Any]] = {
    "vietnam-vn": {
        "host": "127.0.0.21",
        "discovery": {"feeds": ["{base}/feed.xml"], "listings": [{"url": "{base}/en/"}, {"url": "{base}/id/"}]},
    },
    "kimson": {
        "host": "127.0.0.22",
        "discovery": {"listings": [{"url": "{base}/tin-tuc/", "page": "?page={{n}}"}]},
    },
}
"""What is changed of the registry: addresses and ways in, and no delay on our own machine."""


@contextmanager
def served(shared: Path, skin: str) -> Iterator[int]:
    """The corpus' two sites; the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, shared / "corpus" / "serve.py", "--skin", skin, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        for line in server.stdout:
            if line.startswith("kimson:"):
                break
        try:
            yield port
        finally:
            server.terminate()
            server.stdout.read()


def of_registry(name: str, port: int) -> Source:
    """The registry's source, found on this machine."""
    change = WAYS_IN[name]
    base = f"http://{change['host']}:{port}"
    values = load_source(CHECKOUT / "sources" / f"{name}.yaml").model_dump()
    ways_in = json.loads(json.dumps(change["discovery"]).replace("{base}", base).replace("{{n}}", "{n}"))
    return Source.model_validate(
        {
            **values,
            "url": f"{base}/",
            "discovery": ways_in,
            "fetch": {**values["fetch"], "delay_s": 0, "allow_private": True, "cloaking_probes": 0},
        }
    )


def scoring(shared: Path) -> ModuleType:
    """score.py, which defines what counts as furniture left in a text."""
    spec = importlib.util.spec_from_file_location("corpus_score", shared / "corpus" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("skin", SKINS)
def test_every_page_is_its_article_and_nothing_else(
    shared: Path, settings: Settings, tmp_path: Path, skin: str
) -> None:
    build = [sys.executable, shared / "corpus" / "build.py", tmp_path / "pages", "--skin", skin]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    truth = json.loads((tmp_path / "pages" / "truth.json").read_text("utf-8"))
    articles: dict[str, Article] = {}
    with served(shared, skin) as port:
        for name in WAYS_IN:
            run_source(of_registry(name, port), settings, "20261122T000000Z")
            key = keys.articles(name, "20261122T000000Z")
            articles |= {urlsplit(a.url).path: a for a in read(open_store(settings.archive), key, Article)}
    assert set(articles) == {urlsplit(want["url"]).path for want in truth.values()}
    score = scoring(shared)
    scores = [hold_against(score, articles[urlsplit(want["url"]).path], want) for want in truth.values()]
    print(f"{skin}: {len(scores)} pages, F1 {sum(scores) / len(scores):.4f}, lowest {min(scores):.4f}")
    assert min(scores) > 0.995


def hold_against(score: ModuleType, got: Article, want: dict[str, Any]) -> float:
    """Asserts that nothing but the text can differ, and returns the text's F1."""
    lines, whole = {score.norm(line) for line in got.text.split("\n")}, score.norm(got.text)
    left = [
        drop for drop in want["drop"] if score.norm(drop) in lines or (len(drop) >= 20 and score.norm(drop) in whole)
    ]
    captions = [caption for caption in want["captions"] if score.norm(caption) in lines]
    assert (left, captions) == ([], [])
    assert score.norm(got.title) == score.norm(want["title"])
    assert str(got.published_on) == want["published"][:10]
    assert got.language == want["language"]
    assert score.norm(got.author) == score.norm(want["author"])
    return float(score.f1_score(got.text, "\n".join(want["text"])))
