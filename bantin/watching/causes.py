"""What a problem is likely to mean, and what to do: the last sentence of an alarm."""

from model.alarm import Kind

_CAUSES = {
    Kind.NONE: (
        "its runs are green, but their lists name nothing new: a list has moved, the site has a new one, or nobody "
        "writes there any more (portals are merged and switched off). Compare its home page with `bantin source "
        "try {source}`."
    ),
    Kind.FEW: (
        "one of several lists has moved, pages are rejected, or the site publishes less (holidays such as Tết are "
        "not known here). Compare its home page with `bantin source try {source}`."
    ),
    Kind.MANY: (
        "old pages have new addresses, `articles.allow` takes what are no articles, the site was filled from "
        "elsewhere, or it was broken into. Look at its newest articles in the archive's browser."
    ),
    Kind.BLOCKED: (
        "a firewall takes the crawler for an attacker: raise `fetch.delay_s`, ask the owner to let your User-Agent "
        "pass, or use `fetch.proxy`."
    ),
    Kind.ERRORS: (
        "the site is overloaded or partly broken, or refuses so many requests: see `errors` in the run's report; "
        "where they are 429 or 503, raise `fetch.delay_s`."
    ),
    Kind.REJECTED: (
        "the template of its articles has changed, or `articles.allow` takes other pages: `rejections` in the "
        "run's report says why each was; `bantin clean` on a saved page shows how."
    ),
    Kind.FIELD: (
        "its template has changed, and where `{subject}` stands: `bantin clean` on a saved page shows what is "
        "found; `clean` in the source's file can name the place. Then `bantin reclean` fills the gap."
    ),
    Kind.REMOVAL: (
        "the site has something new on its pages, or its template has changed and the rule takes what belongs to "
        "the article: look at the removals of a new article in the archive's browser."
    ),
    Kind.SPAM: (
        "the site was broken into, and pages or links of gambling and the like were put there: tell its owner. "
        "Spam pages are quarantined, injected links are removed from the text, and listed under `spam` in the "
        "run's report."
    ),
    Kind.CLOAKED: (
        "the site was broken into: visitors from search engines are led to another site, its own are not. Tell its "
        "owner; `cloaked` in the run's report says which pages, and where to."
    ),
    Kind.FUTURE: (
        "the site announces events by their day, or its clock or the order of day and month is wrong: see its "
        "newest articles. Days later than tomorrow are not believed: there `published_on` is missing instead."
    ),
    Kind.GONE: (
        "the portal is being switched off or merged into another one (Vietnam's districts ended on 2025-07-01), or "
        "its addresses have changed. What the archive has stays: raise the budget while the rest is there, and "
        "look where the pages went."
    ),
    Kind.FRONTIER: (
        "its budget is smaller than what it publishes: raise `fetch.max_pages`, or crawl more often. Or its links "
        "have no end (calendars, search pages, session ids): see `bantin source try {source}`, and narrow "
        "`articles` and `discovery`."
    ),
    Kind.UNREADABLE: (
        "bits have rotted, or a write was cut off: `bantin verify` says what is damaged, and `bantin verify "
        "--repair` makes anew what can be."
    ),
    Kind.OVERDUE: (
        "no run was started: its DAG is paused or broken, the scheduler or the workers do not run, or it waits for "
        "a pool. See the DAG in Airflow."
    ),
    Kind.INDEX: (
        "the DAG `index` does not run or fails, or runs were made without Airflow: then call `bantin index` after "
        "them. This watch has brought it up to date."
    ),
}

_OF_MANY = {
    Kind.FAILED: "the network, the resolver or the archive's store is at fault rather than the sites.",
    Kind.OVERDUE: "Airflow, its workers, the network or the archive's store is at fault rather than the sites.",
    Kind.FEW: "a holiday (Tết, 2 September) or a long weekend; or the network, or a new version of bantin.",
    Kind.NONE: "a holiday (Tết, 2 September); or the network, or a new version of bantin.",
    Kind.ERRORS: "the network, the resolver or a proxy is at fault rather than the sites.",
    Kind.BLOCKED: "this crawler's address, or its User-Agent, has come onto a list of the firewall that they share.",
}
_NEW_VERSION = "a new version of bantin or of its rules is likely, or of the platform that these sites share."


def cause_of(kind: Kind, source: str = "", subject: str = "") -> str:
    """What a problem of one source is likely to mean, and what to do."""
    return _CAUSES[kind].replace("{source}", source).replace("{subject}", subject)


def cause_of_many(kind: Kind) -> str:
    """The same, of many sources that have it at once."""
    return f"so many at once have one cause: {_OF_MANY.get(kind, _NEW_VERSION)}"
