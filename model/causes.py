"""What a problem is likely to mean, and what to do: the last sentence of an alarm.

The sentences are messages, which who shows an alarm may tell in another language (`message_of`).
"""

from model.alarm import Kind


def N_(message: str) -> str:  # noqa: N802 - gettext's name for what marks a message, and translates it elsewhere
    """The message."""
    return message


_CAUSES = {
    Kind.NONE: N_(
        "its runs are green, but their lists name nothing new: a list has moved, the site has a new one, or nobody "
        "writes there any more (portals are merged and switched off). Compare its home page with `bantin source try "
        "%(source)s`."
    ),
    Kind.FEW: N_(
        "one of several lists has moved, pages are rejected, or the site publishes less (holidays such as Tết are not"
        " known here). Compare its home page with `bantin source try %(source)s`."
    ),
    Kind.MANY: N_(
        "old pages have new addresses, `articles.allow` takes what are no articles, the site was filled from "
        "elsewhere, or it was broken into. Look at its newest articles in the archive's browser."
    ),
    Kind.BLOCKED: N_(
        "a firewall takes the crawler for an attacker: raise `fetch.delay_s`, ask the owner to let your User-Agent "
        "pass, or use `fetch.proxy`."
    ),
    Kind.ERRORS: N_(
        "the site is overloaded or partly broken, or refuses so many requests: see `errors` in the run's report; "
        "where they are 429 or 503, raise `fetch.delay_s`."
    ),
    Kind.REJECTED: N_(
        "the template of its articles has changed, or `articles.allow` takes other pages: `rejections` in the run's "
        "report says why each was; `bantin clean` on a saved page shows how."
    ),
    Kind.FIELD: N_(
        "its template has changed, and where `%(subject)s` stands: `bantin clean` on a saved page shows what is "
        "found; `clean` in the source's file can name the place. Then `bantin reclean` fills the gap."
    ),
    Kind.REMOVAL: N_(
        "the site has something new on its pages, or its template has changed and the rule takes what belongs to the "
        "article: look at the removals of a new article in the archive's browser."
    ),
    Kind.SPAM: N_(
        "the site was broken into, and pages or links of gambling and the like were put there: tell its owner. Spam "
        "pages are quarantined, injected links are removed from the text, and listed under `spam` in the run's "
        "report."
    ),
    Kind.CLOAKED: N_(
        "the site was broken into: visitors from search engines are led to another site, its own are not. Tell its "
        "owner; `cloaked` in the run's report says which pages, and where to."
    ),
    Kind.FUTURE: N_(
        "the site announces events by their day, or its clock or the order of day and month is wrong: see its newest "
        "articles. Days later than tomorrow are not believed: there `published_on` is missing instead."
    ),
    Kind.GONE: N_(
        "the portal is being switched off or merged into another one (Vietnam's districts ended on 2025-07-01), or "
        "its addresses have changed. What the archive has stays: raise the budget while the rest is there, and look "
        "where the pages went."
    ),
    Kind.FRONTIER: N_(
        "its budget is smaller than what it publishes: raise `fetch.max_pages`, or crawl more often. Or its links "
        "have no end (calendars, search pages, session ids): see `bantin source try %(source)s`, and narrow "
        "`articles` and `discovery`."
    ),
    Kind.UNREADABLE: N_(
        "bits have rotted, or a write was cut off: `bantin verify` says what is damaged, and `bantin verify --repair`"
        " makes anew what can be."
    ),
    Kind.OVERDUE: N_(
        "no run was started: its DAG is paused or broken, the scheduler or the workers do not run, or it waits for a "
        "pool. See the DAG in Airflow."
    ),
    Kind.INDEX: N_(
        "the DAG `index` does not run or fails, or runs were made without Airflow: then call `bantin index` after "
        "them. This watch has brought it up to date."
    ),
}

_OF_MANY = {
    Kind.FAILED: N_(
        "so many at once have one cause: the network, the resolver or the archive's store is at fault rather than the"
        " sites."
    ),
    Kind.OVERDUE: N_(
        "so many at once have one cause: Airflow, its workers, the network or the archive's store is at fault rather "
        "than the sites."
    ),
    Kind.FEW: N_(
        "so many at once have one cause: a holiday (Tết, 2 September) or a long weekend; or the network, or a new "
        "version of bantin."
    ),
    Kind.NONE: N_(
        "so many at once have one cause: a holiday (Tết, 2 September); or the network, or a new version of bantin."
    ),
    Kind.ERRORS: N_(
        "so many at once have one cause: the network, the resolver or a proxy is at fault rather than the sites."
    ),
    Kind.BLOCKED: N_(
        "so many at once have one cause: this crawler's address, or its User-Agent, has come onto a list of the "
        "firewall that they share."
    ),
}
_NEW_VERSION = N_(
    "so many at once have one cause: a new version of bantin or of its rules is likely, or of the platform that these"
    " sites share."
)


def cause_of(kind: Kind, source: str = "", subject: str = "") -> str:
    """What a problem of one source is likely to mean, and what to do."""
    return _CAUSES[kind] % {"source": source, "subject": subject}


def cause_of_many(kind: Kind) -> str:
    """The same, of many sources that have it at once."""
    return _OF_MANY.get(kind, _NEW_VERSION)


def message_of(cause: str, kind: Kind, source: str = "", subject: str = "") -> str | None:
    """The message, with `%(source)s` and `%(subject)s` in it, that `cause` was made of; None where it is another
    version's, or quotes what a run said."""
    values = {"source": source, "subject": subject}
    messages = (_CAUSES.get(kind), cause_of_many(kind))
    return next((message for message in messages if message is not None and message % values == cause), None)
