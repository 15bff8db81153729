"""`bantin browse`: what it refuses to start as, and that it starts and stops."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bantin.browse import LEAST_TOKEN, Serving, read_token, web_settings
from bantin.errors import CannotServe
from bantin.settings import CHECKOUT, Settings

BROWSE = [sys.executable, "-c", "from bantin.cli import main; main()", "browse"]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "ARCHIVE_URL": str(folder / "archive"), "BANTIN_CACHE": str(folder / "cache")}


@contextmanager
def browsing(folder: Path, *options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """`bantin browse` with these options, and the address that it says it is at."""
    (folder / "archive").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [*BROWSE, "--port", "0", *options],
        cwd=CHECKOUT,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    said = ""
    try:
        while (found := re.search(r"http://\S+", said)) is None:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield found[0].replace("0.0.0.0", "127.0.0.1"), process
    finally:
        process.kill()
        process.communicate()


def status(address: str, **headers: str) -> int:
    """The status of an answer; what was sent before anybody listens waits."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=120) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as err:
        return err.code


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (["--host", "0.0.0.0"], "--token-file"),
        (["--host", "0.0.0.0", "--identity-header", "X-User"], "--trusted-proxy"),
    ],
)
def test_it_does_not_start_open_to_strangers(tmp_path: Path, options: list[str], advice: str) -> None:
    ended = subprocess.run(
        [*BROWSE, *options], cwd=CHECKOUT, env=environment(tmp_path), capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 1
    assert advice in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "[::]", "192.0.2.1", "archive.example", "localhost.example", ""])
def test_whatever_is_not_this_machine_alone_is_refused(settings: Settings, host: str) -> None:
    with pytest.raises(CannotServe, match="--token-file"):
        web_settings(settings, Serving(host=host))


def test_a_proxy_without_its_header_is_refused(settings: Settings) -> None:
    with pytest.raises(CannotServe, match="--identity-header"):
        web_settings(settings, Serving(trusted_proxies=("10.0.0.1",)))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.9.9.9"])
def test_this_machine_alone_needs_no_token_but_its_own_names(settings: Settings, host: str) -> None:
    web = web_settings(settings, Serving(host=host, hosts=("archive.example",)))
    assert web.token is None
    assert set(web.hosts) == {"localhost", "127.0.0.1", "[::1]", "archive.example"}


def test_one_way_in_is_enough(settings: Settings, tmp_path: Path) -> None:
    both = Serving(token_file=tmp_path / "token", identity_header="X-User", trusted_proxies=("10.0.0.1",))
    with pytest.raises(CannotServe, match="one of them"):
        web_settings(settings, both)
    with pytest.raises(CannotServe, match="IP address"):
        web_settings(settings, Serving(identity_header="X-User", trusted_proxies=("proxy.example",)))


def test_a_token_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "token"
    token = read_token(file)
    assert len(token) >= LEAST_TOKEN
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_token(file) == token


@pytest.mark.parametrize(
    ("text", "mode", "message"),
    [
        ("a-token-that-is-long-enough", 0o644, "chmod 600"),
        ("short", 0o600, "16 letters"),
        ("", 0o600, "16 letters"),
        ("a token with spaces in it", 0o600, "16 letters"),
    ],
)
def test_a_token_that_others_know_or_guess_is_refused(tmp_path: Path, text: str, mode: int, message: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(CannotServe, match=message):
        read_token(file)


def test_it_starts_without_an_index_says_so_and_stops_on_ctrl_c(tmp_path: Path) -> None:
    with browsing(tmp_path) as (address, process):
        assert status(f"{address}help") == 200
        assert status(address) == 503
        assert status(f"{address}help", Host="evil.example") == 421
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert said.endswith("Stopped.\n")


def test_several_processes_beyond_this_machine_want_the_token(tmp_path: Path) -> None:
    options = ("--host", "0.0.0.0", "--workers", "2", "--token-file", str(tmp_path / "token"))
    with browsing(tmp_path, *options) as (address, process):
        token = (tmp_path / "token").read_text().strip()
        assert status(f"{address}help") == 401
        assert status(f"{address}help", Authorization=f"Bearer {token}") == 200
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert token not in said


def test_a_port_that_is_taken_is_told_of(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [*BROWSE, "--port", port], cwd=CHECKOUT, env=environment(tmp_path), capture_output=True, text=True
        )
    assert ended.returncode == 1
    assert "give another --port" in ended.stderr
