"""What the fork server imports once: what a crawl, a cleaner, a run and a command need. Only it and its forks may
import this module. Twisted's reactor is not among it, which each crawl installs for itself."""

import gc
import sys
from importlib import import_module

import croniter  # noqa: F401
import numpy.ma  # noqa: F401
import scrapy.core.downloader.handlers.http11
import scrapy.pqueues
import scrapy.squeues  # noqa: F401
import twisted.internet.asyncioreactor  # noqa: F401
from scrapy.settings import Settings
from scrapy.utils.misc import load_object

import cleaning
import storage.s3  # noqa: F401
from tests.records import capture
from tests.servers.scripted import source_of
from tests.servers.site import PAGE

for _module in (
    *("spiders.crawl", "bantin.clean_worker", "bantin.watchdog", "bantin.cli", "bantin.crawl_all", "bantin.rerun"),
    *("bantin.display", "bantin.found", "browse.archive", "browse.exporting.export", "rich.progress", "rich.table"),
):
    import_module(_module)

_settings = Settings()
_settings.setmodule("spiders.settings")
for _name in ("DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES", "EXTENSIONS"):
    for _path in _settings.getwithbase(_name):
        load_object(_path)
for _name in ("SCHEDULER_PRIORITY_QUEUE", "DUPEFILTER_CLASS", "TWISTED_DNS_RESOLVER"):
    load_object(_settings[_name])

# The cleaner reads its tables with the first page.
cleaning.clean(capture(), PAGE.format(title="Hội đua thuyền").encode(), source_of("http://portal.example/"))
gc.freeze()  # a fork then shares with the others what no one changes
assert "twisted.internet.reactor" not in sys.modules
