"""What the errors of S3 and of botocore mean in this package's own, and what to do about each.

The codes are Amazon's (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). Where an answer has no
body, as to HEAD, botocore gives the HTTP status in their place: "403", "404", "412" …
"""

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from storage.errors import InvalidKey, KeyNotFound, PreconditionFailed, StorageError, StoreRefused, StoreUnavailable

NOT_FOUND = {"NoSuchKey", "NotFound", "404"}
UNMET = {"PreconditionFailed", "412"}
CONFLICT = {"ConditionalRequestConflict", "409"}
BROKEN_OFF = (boto.IncompleteReadError, boto.ReadTimeoutError, boto.ResponseStreamingError)
"""What reading a body may meet."""

_BUSY = {"SlowDown", "RequestTimeout", "Throttling", "TooManyRequests", "429", "OperationAborted"} | CONFLICT
_MISSING_BUCKET = ("the bucket does not exist", "create it, or correct ARCHIVE_URL")
_REGION = ("the bucket is in another region", "set AWS_REGION to the bucket's, or correct AWS_ENDPOINT_URL_S3")
_DENIED = ("access is denied", "correct the credentials, or give them the right to list, read, write and delete")
_LOGIN = ("the credentials are not valid or not valid any more", "log in again, or renew AWS_SESSION_TOKEN")
_REFUSED = {
    "NoSuchBucket": _MISSING_BUCKET,
    "InvalidAccessKeyId": ("the access key is not known", "correct AWS_ACCESS_KEY_ID"),
    "SignatureDoesNotMatch": ("the keys are not valid", "correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    "RequestTimeTooSkewed": ("this machine's clock differs from the store's", "set the clock"),
    "AuthorizationHeaderMalformed": _REGION,
    "PermanentRedirect": _REGION,
    "301": _REGION,
    "InvalidStorageClass": ("the storage class is not known", "correct BANTIN_S3_STORAGE_CLASS"),
    "InvalidEncryptionAlgorithmError": ("the encryption is not known", "correct BANTIN_S3_SSE"),
    "AccessDenied": _DENIED,
    "403": _DENIED,
    "ExpiredToken": _LOGIN,
    "InvalidToken": _LOGIN,
}
_NO_CREDENTIALS = (
    boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError, boto.NoAuthTokenError,
    boto.TokenRetrievalError, boto.SSOError, boto.LoginError,
)  # fmt: skip
_NETWORK = (boto.HTTPClientError, boto.ConnectionError, boto.IncompleteReadError)


def code_of(err: ClientError) -> str:
    """The error's code, "" where the answer had none that botocore could read."""
    return str(err.response.get("Error", {}).get("Code", ""))


def status_of(err: ClientError) -> int:
    """The HTTP status of the answer, 0 where the error is about one object of many."""
    return int(err.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def refusal(err: ClientError, endpoint: str, url: str, key: str | None) -> StorageError:
    """What an error answered by the store at `endpoint` means; `url` and `key` are as in `StorageError`."""
    error, status = err.response.get("Error", {}), status_of(err)
    code = error.get("Code", str(status))
    place = f"{url}/{key}" if key else url
    if code in UNMET and key:
        return unmet(url, key)
    if code in NOT_FOUND and key:
        return KeyNotFound(f"{place}: no such object at {endpoint}", url, key)
    if code == "KeyTooLongError":
        return InvalidKey(f"{place}: too long for {endpoint}: shorten the prefix", url, key)
    problem, advice = _MISSING_BUCKET if code in NOT_FOUND else _REFUSED.get(code, ("", ""))
    if code.startswith("KMS."):
        problem, advice = "the key cannot be used", "correct BANTIN_S3_SSE_KMS_KEY_ID, or the rights to that key"
    if not problem and status == 403:
        problem, advice = _DENIED
    said = f"{err.operation_name}: {code} {error.get('Message', '')}".strip()
    if problem:
        return StoreRefused(f"{place}: {problem} at {endpoint}: {advice} ({said})", url, key)
    if code in _BUSY or code == "InternalError" or (status >= 500 and status != 501):
        return StoreUnavailable(f"{place}: {endpoint} is busy or broken ({said}): try again later", url, key)
    return StoreRefused(f"{place}: {endpoint} refused ({said}): see what it supports", url, key)


def failure(err: BotoCoreError, url: str, key: str | None) -> StorageError:
    """What an error that boto3 met on its own means; `url` and `key` are as in `StorageError`."""
    place = f"{url}/{key}" if key else url
    if isinstance(err, _NO_CREDENTIALS):
        advice = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in"
    elif isinstance(err, boto.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(err):
        advice = "correct AWS_ENDPOINT_URL_S3, or name the certificate's authority in AWS_CA_BUNDLE"
    elif isinstance(err, _NETWORK):
        advice = "try again later; if it stays, see that AWS_ENDPOINT_URL_S3 is right and the store runs"
        return StoreUnavailable(f"{place}: {err}: {advice}", url, key)
    else:
        advice = "correct ARCHIVE_URL or the AWS_* settings"
    return StoreRefused(f"{place}: {err}: {advice}", url, key)


def unmet(url: str, key: str) -> PreconditionFailed:
    """What an unmet `if_absent` or `if_match` means."""
    return PreconditionFailed(f"{url}/{key}: somebody else wrote it first: read it again", url, key)
