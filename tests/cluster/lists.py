"""The small web of the cluster test: forty sources, each a list of a few pages, which has other pages each round."""

from pathlib import Path

from model.source import Source, dump_source
from tests.servers.scripted import ScriptedSite, source_of
from tests.servers.site import PAGE, Answer

FEW, MANY = 2, 8
"""Pages a round."""

NEVER = "0 0 29 2 *"
"""Runs are started by hand."""


class Lists:
    """`count` sources on one site. In round n their lists name the pages n of each; what an earlier round named stays
    where it is. One in five has so many pages that a run of it has several parts."""

    def __init__(self, site: ScriptedSite, count: int) -> None:
        self.sources = [f"s{number:02}" for number in range(count)]
        self._site = site
        site.robots("User-agent: *", "Allow: /")

    def write(self, folder: Path) -> None:
        """Puts the sources' files there."""
        folder.mkdir()
        for name in self.sources:
            (folder / f"{name}.yaml").write_text(dump_source(self._source(name)), "utf-8")

    def turn(self, *rounds: int) -> None:
        """Lets the lists name the pages of these rounds."""
        for name in self.sources:
            paths = [path for one in rounds for path in self._paths(name, one)]
            self._site.listing(f"/{name}/list", *paths)
            for path in paths:
                self._site.script(path, Answer(PAGE.format(title=f"Hội làng {path.replace('/', ' ').strip()}")))

    def urls(self, one: int) -> set[tuple[str, str]]:
        """Source and address of each page of a round."""
        return {(name, self._site.base + path) for name in self.sources for path in self._paths(name, one)}

    def _paths(self, name: str, one: int) -> list[str]:
        return [f"/{name}/a-{one}-{page}" for page in range(MANY if name[-1] in "05" else FEW)]

    def _source(self, name: str) -> Source:
        base = source_of(f"{self._site.base}/{name}/list", concurrency=2, revisit_min_h=24, error_tolerance=0)
        articles = base.articles.model_copy(update={"allow": [f"^/{name}/a-"]})
        return base.model_copy(update={"id": name, "name": name, "schedule": NEVER, "articles": articles})
