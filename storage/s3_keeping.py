"""How a bucket is to keep what is put there: encryption and storage class, as the environment says.

BANTIN_S3_SSE            server-side encryption: AES256, aws:kms or aws:kms:dsse (default: as the bucket is set up)
BANTIN_S3_SSE_KMS_KEY_ID the key of aws:kms (default: the account's own)
BANTIN_S3_STORAGE_CLASS  e.g. STANDARD_IA or INTELLIGENT_TIERING (default: as the store does)
"""

import os
from dataclasses import dataclass
from typing import Self

from storage.errors import StoreRefused

_ENCRYPTIONS = ("AES256", "aws:kms", "aws:kms:dsse")
# Objects of these must be restored, which takes hours, before they can be read:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
_NOT_READABLE = ("GLACIER", "DEEP_ARCHIVE")


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is asked of the store with each object; None leaves it to the store."""

    encryption: str | None = None
    key_id: str | None = None
    storage_class: str | None = None

    @classmethod
    def from_environment(cls) -> Self:
        """As the environment says. Raises `StoreRefused` where that cannot be.

        Names of storage classes are the store's own, so that only the store can say whether it knows one.
        """
        names = ("BANTIN_S3_SSE", "BANTIN_S3_SSE_KMS_KEY_ID", "BANTIN_S3_STORAGE_CLASS")
        encryption, key_id, storage_class = (os.environ.get(name) or None for name in names)
        if encryption not in (None, *_ENCRYPTIONS):
            raise StoreRefused(f"BANTIN_S3_SSE: {encryption!r}: expected one of {', '.join(_ENCRYPTIONS)}")
        if key_id and not (encryption or "").startswith("aws:kms"):
            raise StoreRefused(f"BANTIN_S3_SSE_KMS_KEY_ID: {key_id!r}: expected BANTIN_S3_SSE=aws:kms beside it")
        if storage_class in _NOT_READABLE:
            problem = "objects of this class cannot be read at once: expected e.g. STANDARD_IA or GLACIER_IR"
            raise StoreRefused(f"BANTIN_S3_STORAGE_CLASS: {storage_class!r}: {problem}")
        return cls(encryption, key_id, storage_class)

    def arguments(self) -> dict[str, str]:
        """What boto3's put_object, create_multipart_upload and copy_object take."""
        values = {
            "ServerSideEncryption": self.encryption,
            "SSEKMSKeyId": self.key_id,
            "StorageClass": self.storage_class,
        }
        return {name: value for name, value in values.items() if value}
