"""What only a bucket can get wrong: credentials, buckets, networks, lost answers, stores without conditions."""

import logging
import multiprocessing
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.errors import KeyNotFound, PreconditionFailed, StoreRefused, StoreUnavailable
from storage.s3 import PART_BYTES, S3Store
from storage.store import ObjectStore, Swept, open_store
from tests.servers.faulty_s3 import Fault, FaultyS3
from tests.servers.s3 import S3Server

VERBS: dict[str, Callable[[ObjectStore], object]] = {
    "put": lambda store: store.put("a", b"x"),
    "put if absent": lambda store: store.put("a", b"x", if_absent=True),
    "put a large object": lambda store: store.put("a", bytes(PART_BYTES + 1)),
    "get": lambda store: store.get("a"),
    "list": lambda store: list(store.list("")),
    "head": lambda store: store.head("a"),
    "delete": lambda store: store.delete(["a"]),
    "sweep": lambda store: store.sweep(datetime.now(UTC)),
}
every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)


@pytest.fixture
def faulty(faulty_s3: FaultyS3, monkeypatch: pytest.MonkeyPatch) -> FaultyS3:
    faulty_s3.reset()
    _use(faulty_s3.server, monkeypatch)
    return faulty_s3


@pytest.fixture
def store(faulty: FaultyS3) -> ObjectStore:
    """An empty store on moto behind the proxy."""
    return _new_store(faulty.server)


def _use(server: S3Server, monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    for name, value in (server.environment() | changes).items():
        monkeypatch.setenv(name, value)


def _new_store(server: S3Server) -> ObjectStore:
    return open_store(f"s3://{server.make_bucket()}/archive")


def _large_file(folder: Path) -> Path:
    path = folder / "large"
    path.write_bytes(bytes(PART_BYTES) + b"the second part")
    return path


# Whatever verb comes first says what is wrong


@every_verb
def test_missing_bucket(verb: Callable[[ObjectStore], object], moto_s3: S3Server, monkeypatch: pytest.MonkeyPatch):
    _use(moto_s3, monkeypatch)
    with pytest.raises(StoreRefused) as caught:
        verb(open_store("s3://nonesuch/archive"))
    assert str(caught.value).startswith("s3://nonesuch/archive")
    assert f"the bucket does not exist at {moto_s3.endpoint}: create it, or correct ARCHIVE_URL" in str(caught.value)
    assert caught.value.url == "s3://nonesuch/archive"
    assert not caught.value.retryable


@every_verb
@pytest.mark.parametrize("wrong", ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"])
def test_refused_credentials(
    verb: Callable[[ObjectStore], object], wrong: str, swift_s3: S3Server, monkeypatch: pytest.MonkeyPatch
):
    store = _new_store(swift_s3)
    _use(swift_s3, monkeypatch, **{wrong: "wrong"})
    with pytest.raises(StoreRefused, match=f"at {swift_s3.endpoint}: correct (AWS_ACCESS_KEY_ID|the credentials)"):
        verb(store)


def test_no_credentials(moto_s3: S3Server, monkeypatch: pytest.MonkeyPatch):
    _use(moto_s3, monkeypatch)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreRefused, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        open_store("s3://news").head("a")


def test_an_endpoint_that_is_no_url(moto_s3: S3Server, monkeypatch: pytest.MonkeyPatch):
    _use(moto_s3, monkeypatch, AWS_ENDPOINT_URL_S3="minio:9000")
    with pytest.raises(StoreRefused, match=r"minio:9000.*correct the AWS_\* settings"):
        open_store("s3://news").head("a")


@every_verb
def test_nobody_listens(verb: Callable[[ObjectStore], object], moto_s3: S3Server, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as held:  # bound, and not listening: the port stays refused
        held.bind(("127.0.0.1", 0))
        _use(moto_s3, monkeypatch, AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{held.getsockname()[1]}")
        with pytest.raises(StoreUnavailable, match=r"see that AWS_ENDPOINT_URL_S3 is right") as caught:
            verb(open_store("s3://news/archive"))
    assert caught.value.retryable


def test_an_endpoint_that_is_a_web_site(store: ObjectStore, faulty: FaultyS3):
    faulty.faults.append(Fault("GET", "list-type", 405, body="<!doctype html><p>welcome"))
    with pytest.raises(StoreRefused, match=f"{faulty.server.endpoint} refused .*: see what it supports"):
        list(store.list(""))


def test_what_other_tools_put_there_and_no_verb_could_read_is_not_listed(store: ObjectStore, faulty: FaultyS3):
    store.put("a/b", b"")
    bucket = store.url.split("/")[2]
    for name in ("archive/a/", "archive//a", "archive/.tmp/probe", "archived/c", "elsewhere/d"):
        faulty.server.client().put_object(Bucket=bucket, Key=name)
    assert [info.key for info in store.list("")] == ["a/b"]


# Answers


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (503, "SlowDown", StoreUnavailable),
        (500, "InternalError", StoreUnavailable),
        (502, "BadGateway", StoreUnavailable),
        (429, "TooManyRequests", StoreUnavailable),
        (403, "AccessDenied", StoreRefused),
        (403, "QuotaOfSomeKind", StoreRefused),
        (400, "ExpiredToken", StoreRefused),
        (400, "EntityTooLarge", StoreRefused),
        (501, "NotImplemented", StoreRefused),
        (404, "NoSuchKey", KeyNotFound),
    ],
)
def test_an_error_says_whether_to_try_again(
    store: ObjectStore, faulty: FaultyS3, status: int, code: str, expected: type[Exception]
):
    store.put("a", b"x")
    faulty.faults += [Fault("GET", "/archive/a", status, code)] * 2  # boto3 may try twice
    with pytest.raises(expected, match="archive/a") as caught:
        store.get("a")
    assert caught.value.key == "a"  # type: ignore[attr-defined]


def test_a_busy_store_is_asked_again(store: ObjectStore, faulty: FaultyS3):
    faulty.faults.append(Fault("PUT", status=503, code="SlowDown"))
    store.put("a", b"x")
    assert store.get("a") == b"x"


def test_a_failed_deletion_names_its_key(store: ObjectStore, faulty: FaultyS3):
    body = "<DeleteResult><Error><Key>archive/b c</Key><Code>AccessDenied</Code></Error></DeleteResult>"
    faulty.faults.append(Fault("POST", "delete", 200, body=body))
    with pytest.raises(StoreRefused, match="access is denied") as caught:
        store.delete(["a", "b c"])
    assert caught.value.key == "b c"


# Conditions


def test_a_conditional_put_that_meets_its_own_first_try_has_won(store: ObjectStore, faulty: FaultyS3):
    assert store.conditional
    faulty.faults.append(Fault("PUT", "/archive/lease"))  # stored, and the answer lost
    etag = store.put("lease", b"mine", if_absent=True)
    assert store.head("lease").etag == etag  # type: ignore[union-attr]
    faulty.faults.append(Fault("PUT", "/archive/lease"))
    store.put("lease", b"renewed", if_match=etag)
    assert store.get("lease") == b"renewed"


def test_equal_content_of_another_writer_is_not_its_own_first_try(store: ObjectStore, faulty: FaultyS3):
    assert store.conditional
    store.put("lease", b"same")
    faulty.faults.append(Fault("PUT", "/archive/lease", 500, "InternalError"))
    with pytest.raises(PreconditionFailed):
        store.put("lease", b"same", if_absent=True)


def test_a_large_upload_whose_completion_answer_is_lost_succeeds(store: ObjectStore, faulty: FaultyS3, tmp_path: Path):
    faulty.faults.append(Fault("POST", "uploadId="))
    store.put("large", _large_file(tmp_path), if_absent=True)
    assert store.get("large", (PART_BYTES, 100)) == b"the second part"


@pytest.mark.parametrize("size_bytes", [1, PART_BYTES + 1])
def test_a_conflict_is_tried_again(store: ObjectStore, faulty: FaultyS3, size_bytes: int):
    assert store.conditional
    method, path = ("PUT", "/archive/a") if size_bytes == 1 else ("POST", "uploadId=")
    faulty.faults.append(Fault(method, path, 409, "ConditionalRequestConflict"))
    store.put("a", bytes(size_bytes), if_absent=True)
    assert store.head("a").size_bytes == size_bytes  # type: ignore[union-attr]


def test_lasting_conflicts_are_retryable(store: ObjectStore, faulty: FaultyS3):
    assert store.conditional
    faulty.faults += [Fault("PUT", "/archive/a", 409, "ConditionalRequestConflict")] * 3
    with pytest.raises(StoreUnavailable):
        store.put("a", b"x", if_absent=True)


def test_a_large_object_is_checked_before_it_is_sent_and_when_it_is_complete(
    store: ObjectStore, faulty: FaultyS3, tmp_path: Path
):
    store.put("large", b"first")
    with pytest.raises(PreconditionFailed):
        store.put("large", _large_file(tmp_path), if_absent=True)
    assert not [line for line in faulty.seen if "uploads" in line]
    assert store.get("large") == b"first"


def test_a_failed_upload_leaves_no_parts(store: ObjectStore, faulty: FaultyS3, tmp_path: Path):
    faulty.faults.append(Fault("PUT", "partNumber=2", 403, "AccessDenied"))
    with pytest.raises(StoreRefused):
        store.put("large", _large_file(tmp_path))
    assert faulty.seen[-1].startswith("DELETE /")
    assert "uploadId=" in faulty.seen[-1]
    assert store.head("large") is None


@pytest.mark.parametrize("name", ["moto_s3", "swift_s3"])
def test_a_sweep_aborts_the_archives_own_uploads_that_were_begun_long_ago(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    server: S3Server = request.getfixturevalue(name)
    _use(server, monkeypatch)
    store = _new_store(server)
    client, bucket = server.client(), store.url.split("/")[2]
    uploads = {}
    for key in ("archive/raw/a", "archive/raw/b", "elsewhere/c"):
        to = {"Bucket": bucket, "Key": key}
        uploads[key] = client.create_multipart_upload(**to)["UploadId"]
        client.upload_part(**to, UploadId=uploads[key], PartNumber=1, Body=bytes(1000))

    def under_way() -> list[str]:
        return sorted(one["Key"] for one in client.list_multipart_uploads(Bucket=bucket).get("Uploads", ()))

    assert store.sweep(datetime(2010, 1, 1, tzinfo=UTC)) == Swept()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert store.sweep(tomorrow, dry_run=True) == Swept(2, 2000)
    assert under_way() == sorted(uploads)
    assert store.sweep(tomorrow) == Swept(2, 2000)
    assert under_way() == ["elsewhere/c"], "another's, beside the archive's prefix"


def test_an_upload_that_ends_while_it_is_swept_is_left_alone(store: ObjectStore, faulty: FaultyS3):
    bucket = store.url.split("/")[2]
    faulty.server.client().create_multipart_upload(Bucket=bucket, Key="archive/raw/a")
    faulty.faults.append(Fault("GET", "uploadId=", 404, "NoSuchUpload"))
    assert store.sweep(datetime.now(UTC)) == Swept()


@pytest.mark.parametrize("kind", ["ignores conditions", "501", "400"])
def test_a_store_without_conditions_is_looked_at_first_and_said_so_once(
    store: ObjectStore, faulty: FaultyS3, kind: str, caplog: pytest.LogCaptureFixture
):
    if kind == "ignores conditions":
        faulty.ignores_conditions = True
    else:
        faulty.faults.append(Fault("PUT", "probe", int(kind), "NotImplemented", if_conditional=True))
    with caplog.at_level(logging.WARNING, "storage.s3"):
        etag = store.put("a", b"first", if_absent=True)
        with pytest.raises(PreconditionFailed):
            store.put("a", b"second", if_absent=True)
        with pytest.raises(PreconditionFailed):
            store.put("a", b"second", if_match="another")
        store.put("a", b"third", if_match=etag)
    assert store.get("a") == b"third"
    assert not store.conditional
    assert [record.getMessage().count("Single-writer mode") for record in caplog.records] == [1]


def test_finding_out_about_conditions_leaves_nothing_behind(store: ObjectStore, faulty: FaultyS3):
    assert store.conditional
    asked = len(faulty.seen)
    assert store.conditional
    assert len(faulty.seen) == asked
    bucket = store.url.split("/")[2]
    assert "Contents" not in faulty.server.client().list_objects_v2(Bucket=bucket)


# Processes and threads


def test_a_store_can_be_pickled_without_its_credentials(store: ObjectStore):
    store.put("a", b"x")
    pickled = pickle.dumps(store)
    assert b"AWS" not in pickled
    assert pickle.loads(pickled).get("a") == b"x"


def _client_of(store: S3Store) -> int:
    return id(store._client)


def test_a_forked_process_makes_its_own_client(store: S3Store):
    client = store._client  # its connections are the parent's: two processes on one would get each other's answers
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        assert pool.submit(_client_of, store).result() != id(client)
    assert store._client is client


def test_threads_share_a_store(store: ObjectStore):
    threads = [threading.Thread(target=store.put, args=(f"{n}", b"x" * n)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(info.key, info.size_bytes) for info in store.list("")] == [(f"{n}", n) for n in range(8)]


def test_boto3_is_imported_only_for_s3():
    code = "import sys; from storage.store import open_store; open_store('./x'); assert 'boto3' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
