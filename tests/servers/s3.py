"""S3 servers on loopback, as pytest fixtures: `moto_s3` and `swift_s3`, both started once a session.

moto comes from PyPI, keeps everything in memory, enforces conditional writes and accepts any credentials. OpenStack
Swift is a real object store with accounts, a disk and an S3 face, and answers 501 to conditional writes; it comes from
Debian's packages and needs root. Where it cannot run, its tests are skipped with the reason, or fail if
BANTIN_REQUIRE_SWIFT=1.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from tests.servers.command import free_ports

START_TIMEOUT_S = 60
SWIFT_PYTHON = "/usr/bin/python3"  # Debian's, which its packages are for
SWIFT_LISTS = 25
"""So many keys are in an answer of Swift's: more are found with a second one, as they are above 1000 of Amazon's."""

SWIFT_SERVERS = ("account", "container", "object", "proxy")

# Each server asks the kernel to end it with the tests, also when they are killed: prctl(PR_SET_PDEATHSIG, SIGTERM).
_END_WITH_PARENT = "import ctypes; ctypes.CDLL(None).prctl(1, 15)"

# One thread, so that of two conditional writes at once exactly one wins: moto looks and writes without a lock.
_MOTO = """
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
WSGIRequestHandler.disable_nagle_algorithm = True  # else an answer's body waits 40 ms until its head is acknowledged
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app))
print(server.server_port, flush=True)
server.serve_forever()
"""

# The servers read /etc/swift/swift.conf unless told otherwise before they look; no option does that.
_SWIFT = """
import sys
from swift.common.utils import set_swift_dir
set_swift_dir(sys.argv[1])
from swift.common.wsgi import run_wsgi
sys.exit(run_wsgi(sys.argv[2], sys.argv[3]))
"""


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where a test server listens, and who may use it."""

    endpoint: str
    access_key: str
    secret_key: str

    def environment(self) -> dict[str, str]:
        """All AWS_* settings a test needs, and none of the machine's own."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "2",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }

    @cache  # noqa: B019 - one a server and session; boto3 takes a tenth of a second to make it
    def client(self) -> Any:
        """A plain boto3 client, to prepare the server and to look behind the store's back."""
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            config=Config(request_checksum_calculation="when_required"),
        )

    def make_bucket(self) -> str:
        """Make an empty bucket, and return its name."""
        name = f"news-{uuid4().hex}"
        self.client().create_bucket(Bucket=name)
        return name


@contextmanager
def moto() -> Iterator[S3Server]:
    """moto's server, until the block ends."""
    with _running([sys.executable, "-c", _END_WITH_PARENT + _MOTO], subprocess.PIPE, subprocess.DEVNULL) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        yield S3Server(f"http://127.0.0.1:{port}", "test", "test")


@pytest.fixture(scope="session")
def moto_s3() -> Iterator[S3Server]:
    """The same for all tests of a session."""
    with moto() as server:
        yield server


@pytest.fixture(scope="session")
def swift_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """OpenStack Swift on one node, with its S3 face."""
    if missing := _missing_for_swift():
        if os.environ.get("BANTIN_REQUIRE_SWIFT") == "1":
            pytest.fail(f"BANTIN_REQUIRE_SWIFT=1, and Swift cannot run: {missing}")
        pytest.skip(f"no Swift: {missing}")
    folder = tmp_path_factory.mktemp("swift")
    ports = dict(zip(SWIFT_SERVERS, free_ports(len(SWIFT_SERVERS)), strict=True))
    _configure_swift(folder, ports)
    with ExitStack() as servers:
        for name in SWIFT_SERVERS:
            log = servers.enter_context((folder / f"{name}.log").open("wb"))
            arguments = [str(folder), str(folder / f"{name}.conf"), f"{name}-server"]
            command = [SWIFT_PYTHON, "-c", _END_WITH_PARENT + _SWIFT, *arguments]
            servers.enter_context(_running(command, log.fileno(), log.fileno()))
        for name in SWIFT_SERVERS:
            _await_port(ports[name], folder / f"{name}.log")
        yield S3Server(f"http://127.0.0.1:{ports['proxy']}", "test:tester", "testing")


def _missing_for_swift() -> str:
    packages = [f"swift-{name}" for name in SWIFT_SERVERS if not shutil.which(f"swift-{name}-server")]
    if packages:
        return f"apt-get install {' '.join(packages)}"
    return "" if os.geteuid() == 0 else "it needs root"


@contextmanager
def _running(command: list[str], output: int, log: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=output, stderr=log, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _await_port(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"nothing listens on port {port} after {START_TIMEOUT_S} s:\n{log.read_text()[-2000:]}")


def _configure_swift(folder: Path, ports: dict[str, int]) -> None:
    """Write one ring of one device for each kind of server, and their settings."""
    (folder / "devices" / "d1").mkdir(parents=True)
    (folder / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_suffix = bantin\n[storage-policy:0]\nname = one\ndefault = yes\n"
    )
    for name in SWIFT_SERVERS:
        common = f"""
            [DEFAULT]
            bind_ip = 127.0.0.1
            bind_port = {ports[name]}
            user = root
            workers = 0
            swift_dir = {folder}
            devices = {folder}/devices
            mount_check = false
            log_address = /nonexistent
            """
        (folder / f"{name}.conf").write_text(_flush_left(common + _pipeline(name)))
        if name != "proxy":
            builder = str(folder / f"{name}.builder")
            device = f"r1z1-127.0.0.1:{ports[name]}/d1"
            for step in (["create", "4", "1", "1"], ["add", device, "1"], ["rebalance"]):
                subprocess.run(["swift-ring-builder", builder, *step], check=True, capture_output=True)


def _pipeline(name: str) -> str:
    if name != "proxy":
        return f"""
            [pipeline:main]
            pipeline = {name}-server
            [app:{name}-server]
            use = egg:swift#{name}
            """
    filters = ("catch_errors", "cache", "s3api", "tempauth", "copy", "slo", "dlo", "versioned_writes", "symlink")
    options = {  # no memcached runs: port 1 refuses at once
        "cache": "memcache_servers = 127.0.0.1:1",
        "s3api": f"location = us-east-1\nmax_bucket_listing = {SWIFT_LISTS}",
        "tempauth": "user_test_tester = testing .admin",
        "versioned_writes": "allow_object_versioning = true",
    }
    sections = [
        f"[filter:{one}]\nuse = egg:swift#{'memcache' if one == 'cache' else one}\n{options.get(one, '')}\n"
        for one in filters
    ]
    return f"""
        [pipeline:main]
        pipeline = {" ".join(filters)} proxy-server
        [app:proxy-server]
        use = egg:swift#proxy
        account_autocreate = true
        """ + "".join(sections)


def _flush_left(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines()) + "\n"
