"""What can go wrong with a run.

BantinError
├── CannotServe           the archive cannot be shown in a browser as it was asked to be
├── NotRecleaned          a re-clean is done, but for runs that stay as they were
└── RunError              a step of a run failed; attributes: source, run
    ├── FetchFailed       the crawl ended badly; `exit_code` is its CrawlExit. Trying again goes on from what is stored.
    │   └── Interrupted   it was stopped from outside
    ├── PagesLost         cleaning hung or died on page after page
    ├── NotReady          a step was asked for before the one it needs, or while a rename has begun and not ended
    ├── NoSuchRun         the source has no such run, or none at all
    ├── PastRun           a run that is older than the source's newest may not ask servers for anything
    ├── NothingStored     the attempts of such a run have left nothing that could be published
    └── AllRejected       pages were fetched and not one of them is an article
"""

from typing import ClassVar

from model.errors import BantinError

HELD = 6
"""The exit code of a crawl that another one of its source or group kept out, or that lost its lease
(`spiders.verdict.CrawlExit`)."""

INTERRUPTED = 75
"""The exit code of what was stopped from outside, a crawl (`spiders.verdict.CrawlExit`) or a command: EX_TEMPFAIL of
sysexits.h."""


class CannotServe(BantinError):
    """The archive cannot be shown in a browser so: it would be open to strangers, or the port is taken. The message
    says what to do."""


class NoArchive(BantinError):
    """Nothing is stored at the address of the archive: it was mistyped, or its disk is not mounted."""


class NotRecleaned(BantinError):
    """Runs could not be cleaned again, and stay as they were; the others are done."""


class RunError(BantinError):
    """A step of a run failed."""

    def __init__(self, message: str, *, source: str, run: str) -> None:
        super().__init__(message)
        self.source = source
        self.run = run

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), str(self), self.__dict__)


class FetchFailed(RunError):
    """The crawl ended with an exit code other than 0."""

    retryable: ClassVar[bool] = True

    def __init__(self, message: str, *, source: str, run: str, exit_code: int) -> None:
        super().__init__(message, source=source, run=run)
        self.exit_code = exit_code


class Interrupted(FetchFailed):
    """The crawl was stopped before its end."""


class PagesLost(RunError):
    """The cleaner hangs, dies or fails on so many of a part's pages that it is no page's fault."""


class NotReady(RunError):
    """Clean needs a committed fetch, publish needs every part cleaned; a source is retired or renamed when its newest
    run is published, and crawled when no rename of it is under way. `run` is empty where no run is meant."""


class NoSuchRun(RunError):
    """The archive has nothing of that run; `run` is empty where it has none of the source."""


class PastRun(RunError):
    """A crawl was asked for under the name of a run that is older than the source's newest one. What a site shows today
    does not belong into the past."""


class NothingStored(RunError):
    """A past run whose fetch was never committed has no page in the archive to be published."""


class AllRejected(RunError):
    """Pages of articles were fetched, and the cleaner rejected every one."""


def _rebuild(kind: type[RunError], message: str, attributes: dict[str, object]) -> RunError:
    error = kind.__new__(kind, message)
    error.args = (message,)
    error.__dict__.update(attributes)
    return error
