"""The object store in a bucket, through boto3: Amazon's, or any endpoint that speaks S3.

Endpoint, region and credentials come from where boto3 itself looks: `AWS_ENDPOINT_URL_S3`, `AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_MAX_ATTEMPTS`, `~/.aws/config` … How objects are kept: `storage.s3_keeping`.
"""

import io
import logging
import os
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache, partial
from hashlib import md5
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from storage.errors import StoreRefused, StoreUnavailable
from storage.s3_errors import BROKEN_OFF, CONFLICT, NOT_FOUND, UNMET, code_of, failure, refusal, status_of, unmet
from storage.s3_keeping import Keeping
from storage.store import RESERVED, ObjectInfo, ObjectReader, Swept, check_conditions, check_key, check_range, is_key

PART_BYTES = 16 << 20  # larger objects go up in parts of this size, which is also what an upload holds in memory
MAX_PARTS = 10_000  # this, and 1000 keys a deletion: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
DELETE_BATCH = 1000
CONFLICT_TRIES = 3  # Amazon asks to upload again after a 409 on a conditional write: .../conditional-writes.html
READ_TRIES = 3
RETRY_S = 0.1
DEFAULT_MAX_ATTEMPTS = 3  # botocore's own, where AWS_MAX_ATTEMPTS does not say
# What each whole answer has, and an answer has not whose connection ended within its head.
MUST_HAVE = {
    "CompleteMultipartUpload": "ETag",
    "CreateMultipartUpload": "UploadId",
    "GetObject": "ContentLength",
    "HeadObject": "ContentLength",
    "ListObjectsV2": "IsTruncated",
    "PutObject": "ETag",
    "UploadPart": "ETag",
}
WRITER = "bantin-writer"

_log = logging.getLogger(__name__)


class S3Store:
    """An `ObjectStore` below `prefix` of a bucket. ETags are the store's own, without quotes.

    Uploads cut off by a crash leave parts that no other verb can see and that cost money: `sweep` aborts them, and so
    does a lifecycle rule `AbortIncompleteMultipartUpload` of the bucket.
    """

    def __init__(self, bucket: str, prefix: str = "") -> None:
        self.bucket = bucket
        self.prefix = prefix
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._root = f"{prefix}/" if prefix else ""
        self._keeping = Keeping.from_environment()
        self._enforces: bool | None = None
        self._bucket_seen = False

    @property
    def conditional(self) -> bool:
        """See `ObjectStore.conditional`. Asking costs four requests the first time. Raises `StorageError`."""
        if self._enforces is None:
            with self._explained(None):
                self._enforces = self._probe()
            if not self._enforces:
                _log.warning(
                    "%s does not enforce conditional writes: bantin looks first and writes then, which is safe for one "
                    "writer at a time. See 'Single-writer mode' in docs/operations.md",
                    self.url,
                )
        return self._enforces

    def put(self, key: str, data: bytes | Path, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """See `ObjectStore.put`."""
        check_conditions(if_absent, if_match)
        name = self._name(key)
        conditions: dict[str, str] = {}
        if if_absent or if_match is not None:
            # Looking first is all there is where conditions are not enforced. Elsewhere it saves sending a large object
            # in vain, and some stores enforce conditions on small objects only (moto: no If-Match on parts).
            if not self.conditional or _size_of(data) > PART_BYTES:
                self._look(key, if_match)
            if self.conditional:
                conditions = {"IfNoneMatch": "*"} if if_absent else {"IfMatch": f'"{if_match}"'}
        with self._explained(key):
            return self._put(name, data, conditions)

    def get(self, key: str, byte_range: tuple[int, int] | None = None, *, if_match: str | None = None) -> bytes:
        """See `ObjectStore.get`."""
        name = self._name(key)
        check_range(byte_range)
        asked = {}
        if byte_range:
            offset, length = byte_range
            asked["Range"] = f"bytes={offset}-{offset + max(length, 1) - 1}"  # HTTP has no empty range
        if if_match is not None:
            asked["IfMatch"] = f'"{if_match}"'
        with self._explained(key):
            try:
                data = self._read(name, asked)
            except ClientError as err:
                if byte_range and code_of(err) in ("InvalidRange", "416"):
                    return b""
                raise
        return data[: byte_range[1]] if byte_range else data

    def open(self, key: str) -> ObjectReader:
        """See `ObjectStore.open`. It raises `Overwritten` when another object comes under the key while it is read."""
        return ObjectReader.at(self, key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See `ObjectStore.list`. What other tools put there and `check_key` refuses, as 'folder/', is left out."""
        with self._explained(None):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self._root + prefix):
                _ = page["IsTruncated"]
                for found in page.get("Contents", ()):
                    key = found["Key"].removeprefix(self._root)
                    if is_key(key):
                        yield _info(key, found["Size"], found)

    def head(self, key: str) -> ObjectInfo | None:
        """See `ObjectStore.head`."""
        with self._explained(key):
            found = self._head(self._name(key))
            if found is not None:
                return _info(key, found["ContentLength"], found)
        self._check_bucket()
        return None

    def delete(self, keys: Iterable[str]) -> None:
        """See `ObjectStore.delete`. They go in batches of 1000."""
        names = (self._name(key) for key in keys)
        while batch := list(islice(names, DELETE_BATCH)):
            with self._explained(None):
                wanted = {"Objects": [{"Key": name} for name in batch], "Quiet": True}
                answer = self._client.delete_objects(Bucket=self.bucket, Delete=wanted)
            for refused in answer.get("Errors", ()):
                if refused.get("Code") not in NOT_FOUND:
                    err = ClientError({"Error": refused}, "DeleteObjects")
                    raise refusal(err, self._endpoint, self.url, refused["Key"].removeprefix(self._root))

    def sweep(self, older_than: datetime, *, dry_run: bool = False) -> Swept:
        """See `ObjectStore.sweep`: aborts multipart uploads, whose parts cost money until then."""
        swept = Swept()
        with self._explained(None):
            pages = self._client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self._root):
                for found in page.get("Uploads", ()):
                    if found["Initiated"] < older_than and is_key(found["Key"].removeprefix(self._root)):
                        swept += self._abort(found["Key"], found["UploadId"], dry_run)
        return swept

    def _abort(self, name: str, upload_id: str, dry_run: bool) -> Swept:
        upload = {"Bucket": self.bucket, "Key": name, "UploadId": upload_id}
        try:
            pages = self._client.get_paginator("list_parts").paginate(**upload)
            size_bytes = sum(part["Size"] for page in pages for part in page.get("Parts", ()))
            if not dry_run:
                self._client.abort_multipart_upload(**upload)
        except ClientError as err:
            if code_of(err) not in NOT_FOUND | {"NoSuchUpload"}:
                raise
            return Swept()  # it was completed or aborted meanwhile
        return Swept(1, size_bytes)

    @property
    def _client(self) -> Any:
        settings = frozenset(item for item in os.environ.items() if item[0].startswith("AWS_"))
        try:
            return _client_for(os.getpid(), settings)
        except (BotoCoreError, ValueError) as err:
            raise StoreRefused(f"{self.url}: {err}: correct the AWS_* settings", self.url) from err

    @property
    def _endpoint(self) -> str:
        return str(self._client.meta.endpoint_url)

    def _name(self, key: str) -> str:
        check_key(key, self.url)
        check_key(self._root + key, self.url)
        return self._root + key

    def _read(self, name: str, asked: dict[str, str]) -> bytes:
        """The object's bytes. botocore tries a request again, but not where the connection ends within the body."""
        for attempt in range(1, READ_TRIES + 1):
            answer = self._client.get_object(Bucket=self.bucket, Key=name, **asked)
            if "transfer-encoding" not in answer["ResponseMetadata"]["HTTPHeaders"]:
                _ = answer["ContentLength"]
            try:
                data: bytes = answer["Body"].read()
            except BROKEN_OFF as err:
                _log.warning("%s: %s: try %d of %d", name, err, attempt, READ_TRIES)
                if attempt == READ_TRIES:
                    raise
            else:
                return data
        raise AssertionError("not reached")

    def _put(self, name: str, data: bytes | Path, conditions: dict[str, str]) -> str:
        """Upload, and find out after an ambiguous answer whether the object there is ours.

        boto3 retries on its own: where the first try was stored and only its answer lost, the second meets the first
        (412), or an upload that is already complete (NoSuchUpload). The mark of the writer tells.
        """
        mark = uuid4().hex
        for attempt in range(1, CONFLICT_TRIES + 1):
            try:
                return self._upload(name, data, mark, conditions)
            except ClientError as err:
                if code_of(err) in UNMET | CONFLICT | {"NoSuchUpload"}:
                    found = self._head(name)
                    if found and found["Metadata"].get(WRITER) == mark:
                        return _bare(found["ETag"])
                elif "IfMatch" in conditions and code_of(err) in NOT_FOUND:
                    raise unmet(self.url, name.removeprefix(self._root)) from err
                if code_of(err) not in CONFLICT or attempt == CONFLICT_TRIES:
                    raise
        raise AssertionError("not reached")

    def _upload(self, name: str, data: bytes | Path, mark: str, conditions: dict[str, str]) -> str:
        size_bytes = _size_of(data)
        to = {"Bucket": self.bucket, "Key": name}
        new = {**to, **self._keeping.arguments(), "Metadata": {WRITER: mark}}
        with data.open("rb") if isinstance(data, Path) else io.BytesIO(data) as source:
            if size_bytes <= PART_BYTES:
                return _bare(self._client.put_object(**new, Body=source, **conditions)["ETag"])
            to["UploadId"] = self._client.create_multipart_upload(**new)["UploadId"]
            try:
                parts = _upload_parts(self._client, to, source, max(PART_BYTES, -(-size_bytes // MAX_PARTS)))
                done = self._client.complete_multipart_upload(**to, MultipartUpload={"Parts": parts}, **conditions)
                return _bare(done["ETag"])
            except BaseException:
                with suppress(ClientError, BotoCoreError):
                    self._client.abort_multipart_upload(**to)
                raise

    def _look(self, key: str, if_match: str | None) -> None:
        found = self.head(key)
        if (found.etag if found else None) != if_match:
            raise unmet(self.url, key)

    def _head(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._client.head_object(Bucket=self.bucket, Key=name)
        except ClientError as err:
            if code_of(err) in NOT_FOUND:
                return None
            raise
        return found

    def _check_bucket(self) -> None:
        """Tell a missing bucket from a missing object, which the answer to HEAD does not. Asks once."""
        if not self._bucket_seen:
            with self._explained(None):
                self._client.head_bucket(Bucket=self.bucket)
            self._bucket_seen = True

    def _probe(self) -> bool:
        """Whether the store enforces conditions. Some answer 501 or 400, others take the header and ignore it."""
        name = f"{self._root}{RESERVED}/probe-{uuid4().hex}"
        probe = {"Bucket": self.bucket, "Key": name, "Body": b"bantin", **self._keeping.arguments()}
        self._client.put_object(**probe)
        try:
            for condition in ({"IfNoneMatch": "*"}, {"IfMatch": '"00000000000000000000000000000000"'}):
                try:
                    self._client.put_object(**probe, **condition)
                except ClientError as err:
                    if code_of(err) in UNMET:
                        continue
                    if status_of(err) not in (400, 501):
                        raise
                return False
            return True
        finally:
            with suppress(ClientError):  # a writer may lack the right to delete; the probe is never listed
                self._client.delete_object(Bucket=self.bucket, Key=name)

    @contextmanager
    def _explained(self, key: str | None) -> Iterator[None]:
        """Turn what boto3 raises into this package's errors.

        Where a connection ends within the head of an answer, Python's http.client takes the rest for absent, and the
        answer for whole. So the fields that each answer must have are asked for, also where nobody needs them; botocore
        has tried again by then (`_retry_part_of_answer`).
        """
        try:
            yield
        except ClientError as err:
            raise refusal(err, self._endpoint, self.url, key) from err
        except BotoCoreError as err:
            raise failure(err, self.url, key) from err
        except KeyError as err:
            place = f"{self.url}/{key}" if key else self.url
            problem = f"{self._endpoint} sent part of an answer, without {err}"
            raise StoreUnavailable(f"{place}: {problem}: try again later", self.url, key) from err


@lru_cache(maxsize=8)
def _client_for(_pid: int, _settings: frozenset[tuple[str, str]]) -> Any:
    """One client a process, and a new one after a fork, which must not share connections, or for other settings.

    A client is thread-safe, a session is not (https://docs.aws.amazon.com/boto3/latest/guide/clients.html), so each is
    made in a session of its own.
    """
    config = Config(
        connect_timeout=10,
        read_timeout=60,
        retries={"mode": "standard"},
        # Many stores do not know the newer checksums: https://github.com/boto/boto3/issues/4392
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent_extra="bantin",
    )
    client = boto3.session.Session().client("s3", config=config)
    client.meta.events.register("before-call.s3.DeleteObjects", _add_md5)
    tries = client.meta.config.retries.get("total_max_attempts", DEFAULT_MAX_ATTEMPTS)
    client.meta.events.register("needs-retry.s3", partial(_retry_part_of_answer, tries=tries))
    return client


def _upload_parts(client: Any, to: dict[str, str], source: BinaryIO, part_bytes: int) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    while part := source.read(part_bytes):
        sent = client.upload_part(**to, PartNumber=len(parts) + 1, Body=part)
        parts.append({"PartNumber": len(parts) + 1, "ETag": sent["ETag"]})
    return parts


def _add_md5(params: dict[str, Any], **_: Any) -> None:
    """Stores that predate the newer checksums insist on this one for DeleteObjects (Swift's s3api among them)."""
    digest = md5(params["body"], usedforsecurity=False).digest()
    params["headers"]["Content-MD5"] = b64encode(digest).decode()


def _retry_part_of_answer(response: Any, operation: Any, attempts: int, tries: int, **_: Any) -> float | None:
    """Seconds until botocore should ask again, where an answer lacks what each answer to `operation` has; else None."""
    if response is None or response[0].status_code >= 300 or attempts >= tries:
        return None
    answer, parsed = response
    whole = MUST_HAVE.get(operation.name, "ResponseMetadata") in parsed or "transfer-encoding" in answer.headers
    return None if whole else RETRY_S


def _size_of(data: bytes | Path) -> int:
    return data.stat().st_size if isinstance(data, Path) else len(data)


def _info(key: str, size_bytes: int, found: dict[str, Any]) -> ObjectInfo:
    return ObjectInfo(key, size_bytes, _bare(found["ETag"]), found["LastModified"].astimezone(UTC))


def _bare(etag: str) -> str:
    return etag.strip('"')
