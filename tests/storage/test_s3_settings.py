"""What the environment says of a bucket: whose credentials are used, and how objects are kept."""

import json
import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from bantin.clean import clean_part
from bantin.fetch import parts_with_pages
from bantin.publish import publish
from bantin.run import run_source
from bantin.settings import Settings
from demo import DemoWeb
from storage import s3
from storage.errors import StoreRefused
from storage.s3 import PART_BYTES
from storage.store import ObjectStore, open_store
from tests.conftest import demo_source
from tests.records import RUN
from tests.servers.answering import Answering, running
from tests.servers.faulty_s3 import FaultyS3
from tests.servers.s3 import S3Server

# Credentials: Swift checks them, so that an answer shows whose they were


@pytest.fixture
def keyless(swift_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """Swift in an environment without keys."""
    for name, value in swift_s3.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    return swift_s3


@pytest.fixture
def moto(moto_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    for name, value in moto_s3.environment().items():
        monkeypatch.setenv(name, value)
    return moto_s3


def assert_is_served(server: S3Server) -> None:
    store = open_store(f"s3://{server.make_bucket()}/archive")
    store.put("a", b"x")
    assert store.get("a") == b"x"


def test_keys_of_the_environment(keyless: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keyless.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keyless.secret_key)
    assert_is_served(keyless)


def test_keys_of_a_profile(keyless: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = f"aws_access_key_id = {keyless.access_key}\naws_secret_access_key = {keyless.secret_key}\n"
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = x\naws_secret_access_key = x\n[news]\n{keys}"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "news")
    assert_is_served(keyless)


def test_keys_that_a_program_tells(keyless: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = {"Version": 1, "AccessKeyId": keyless.access_key, "SecretAccessKey": keyless.secret_key}
    program = shlex.join([sys.executable, "-c", f"print({json.dumps(json.dumps(told))})"])
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {program}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert_is_served(keyless)


@pytest.fixture
def container(keyless: S3Server) -> Iterator[str]:
    """The address at which a container's own role is told:
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html"""

    class Role(Answering):
        def do_GET(self) -> None:  # noqa: N802  a name that http.server wants
            until = datetime.now(UTC) + timedelta(hours=1)
            told = {"AccessKeyId": keyless.access_key, "SecretAccessKey": keyless.secret_key, "Token": ""}
            self.answer(200, json.dumps({**told, "Expiration": f"{until:%Y-%m-%dT%H:%M:%SZ}"}), {})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Role)
    with running(server):
        yield f"http://127.0.0.1:{server.server_port}/role"


def test_keys_of_a_container(keyless: S3Server, container: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", container)
    assert_is_served(keyless)


def test_keys_of_a_role_that_is_assumed(
    moto: S3Server, faulty_s3: FaultyS3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    role = "role_arn = arn:aws:iam::123456789012:role/news\nsource_profile = default\n"
    keys = "aws_access_key_id = test\naws_secret_access_key = test\n"
    (tmp_path / "config").write_text(f"[default]\n{keys}[profile news]\n{role}")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "news")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", faulty_s3.server.endpoint)
    faulty_s3.reset()
    assert_is_served(moto)
    assert faulty_s3.seen == ["POST /"], "the role was asked for"


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("[default]\ncredential_process = false\n", r"custom-process: .*: correct the AWS_\* settings"),
        ("[profile other]\n", r"news.*correct the AWS_\* settings"),
    ],
)
def test_credentials_that_cannot_be_had_are_told_of(
    keyless: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, config: str, told: str
) -> None:
    (tmp_path / "config").write_text(config)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    if "profile" in config:
        monkeypatch.setenv("AWS_PROFILE", "news")
    with pytest.raises(StoreRefused, match=told):
        open_store("s3://news").get("a")


# How objects are kept


def kept(server: S3Server, store: ObjectStore, key: str) -> dict[str, Any]:
    """What the server says of the object's keeping."""
    bucket, _, prefix = store.url.removeprefix("s3://").partition("/")
    head = server.client().head_object(Bucket=bucket, Key=f"{prefix}/{key}")
    return {name: head.get(name) for name in ("ServerSideEncryption", "SSEKMSKeyId", "StorageClass") if name in head}


@pytest.mark.parametrize("size_bytes", [1, PART_BYTES + 1], ids=["whole", "in parts"])
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {}),
        ({"SSE": "AES256"}, {"ServerSideEncryption": "AES256"}),
        ({"SSE": "aws:kms", "SSE_KMS_KEY_ID": "k-1"}, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k-1"}),
        ({"STORAGE_CLASS": "STANDARD_IA"}, {"StorageClass": "STANDARD_IA"}),
    ],
)
def test_objects_are_kept_as_the_settings_say(
    moto: S3Server, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], expected: dict[str, str], size_bytes: int
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"BANTIN_S3_{name}", value)
    store = open_store(f"s3://{moto.make_bucket()}/archive")
    store.put("plain", bytes(size_bytes))
    store.put("on condition", bytes(size_bytes), if_absent=True)
    assert kept(moto, store, "plain") == kept(moto, store, "on condition") == expected
    assert store.get("plain") == bytes(size_bytes)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"SSE": "AES-256"}, "BANTIN_S3_SSE: 'AES-256': expected one of AES256, aws:kms"),
        ({"SSE_KMS_KEY_ID": "k-1"}, "expected BANTIN_S3_SSE=aws:kms beside it"),
        ({"SSE": "AES256", "SSE_KMS_KEY_ID": "k-1"}, "expected BANTIN_S3_SSE=aws:kms beside it"),
        ({"STORAGE_CLASS": "GLACIER"}, "objects of this class cannot be read at once"),
    ],
)
def test_what_cannot_be_is_said_when_the_store_is_opened(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], told: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"BANTIN_S3_{name}", value)
    with pytest.raises(StoreRefused, match=told):
        open_store("s3://news/archive")


@pytest.mark.parametrize("size_bytes", [1, PART_BYTES + 1], ids=["whole", "in parts"])
def test_a_storage_class_that_the_store_does_not_know_is_told_of(
    moto: S3Server, monkeypatch: pytest.MonkeyPatch, size_bytes: int
) -> None:
    monkeypatch.setenv("BANTIN_S3_STORAGE_CLASS", "COLD")
    with pytest.raises(StoreRefused, match=r"storage class is not known at .*: correct BANTIN_S3_STORAGE_CLASS"):
        open_store(f"s3://{moto.make_bucket()}/archive").put("a", bytes(size_bytes))


# One client a process


def test_the_steps_of_a_run_share_one_session(
    moto: S3Server, monkeypatch: pytest.MonkeyPatch, web: DemoWeb, settings: Settings
) -> None:
    settings = settings.override(archive=f"s3://{moto.make_bucket()}/archive")
    source = demo_source("portal")
    made = []
    real = boto3.session.Session
    monkeypatch.setattr(boto3.session, "Session", lambda *args, **named: made.append(1) or real(*args, **named))
    s3._client_for.cache_clear()
    run_source(source, settings, RUN)
    for part in parts_with_pages(open_store(settings.archive), source.id, RUN):
        clean_part(part, settings)
    assert publish(source.id, RUN, settings).articles["new"] == 8
    assert len(made) == 1, "each costs a third of a second"
