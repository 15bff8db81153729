"""Who holds a lease: a process on a machine, crawling a source for a run. This is what the lease's object says."""

import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Self
from uuid import uuid4

import psutil
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from storage import schema
from storage.errors import Corrupt, UnknownVersion

SAME_START_S = 2.0
"""Two readings of one process's start differ by less: the kernel gives the moment of its own boot in whole seconds."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PID_NAMESPACE = Path("/proc/self/ns/pid")

# These end in messages on terminals, and whoever can write to the archive could have put them there.
_Printable = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e]*$")]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as err:
        raise ValueError("expected a moment that UTC has") from err


_Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class Holder(BaseModel):
    """The content of a lease's object.

    `process_started` is in seconds after the machine's boot, which a change of its clock leaves as it is. A process is
    looked for only where `boot_id` and `pid_namespace` are one's own: containers share the former, not the latter.
    Both are empty on systems without /proc, where leases end by time alone.
    """

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, validate_by_name=True)

    holder: _Printable
    source: _Printable
    run: _Printable
    attempt: Annotated[int, Field(ge=0, lt=1 << 31)]
    host: _Printable
    pid: Annotated[int, Field(ge=1, lt=1 << 31)]
    process_started: float | None
    boot_id: _Printable
    pid_namespace: _Printable
    since: _Moment
    expires: _Moment
    version: Annotated[str, Field(alias=schema.JSON_FIELD)] = schema.LEASE.mark

    @classmethod
    def here(cls, source: str, run: str, attempt: int, since: datetime, expires: datetime) -> Self:
        """This process, as a holder unlike any other."""
        return cls(
            holder=uuid4().hex,
            source=source,
            run=run,
            attempt=attempt,
            host=socket.gethostname(),
            pid=os.getpid(),
            process_started=_started(os.getpid()),
            boot_id=_boot_id(),
            pid_namespace=_pid_namespace(),
            since=since,
            expires=expires,
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The holder that `encode` wrote. Raises `Corrupt` where `data` is anything else."""
        try:
            holder = cls.model_validate_json(data)
        except ValidationError as err:
            raise Corrupt("expected the JSON of a lease's holder") from err
        try:
            schema.check_version("a lease", holder.version)
        except UnknownVersion as err:
            raise Corrupt(str(err)) from err
        return holder

    def encode(self) -> bytes:
        """JSON, in one line."""
        return self.model_dump_json().encode()

    def until(self, expires: datetime) -> Self:
        """The same holder with another end."""
        return self.model_copy(update={"expires": expires})

    def is_dead(self) -> bool:
        """Whether the process is known to be gone. False also means that nobody can tell from here."""
        if not self.boot_id or (self.boot_id, self.pid_namespace) != (_boot_id(), _pid_namespace()):
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False  # another user's, which /proc may hide
        started = _started(self.pid)
        if started is None or self.process_started is None:
            return started is None
        return abs(started - self.process_started) > SAME_START_S  # the number has gone to another process


def _started(pid: int) -> float | None:
    """When a process began, in seconds after boot; None where it has ended, though its parent may not know yet."""
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return None
        return round(float(process.create_time() - psutil.boot_time()), 2)
    except psutil.NoSuchProcess:
        return None


def _boot_id() -> str:
    """The machine's present life, the same in all its containers."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _pid_namespace() -> str:
    """The space that numbers of processes belong to, like `pid:[4026531836]`."""
    try:
        return str(_PID_NAMESPACE.readlink())
    except OSError:
        return ""
