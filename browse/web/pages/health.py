"""Health: how each source is, those in trouble first; and the same in numbers, for Prometheus."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from browse.archive import Archive
from browse.health import Health
from browse.health import health as health_of
from browse.metrics import metrics_of
from browse.registered import Registry, registry_in
from browse.web.rendering import page
from browse.web.settings import WebSettings

router = APIRouter(tags=["sources"])

PAGE = 300
"""So many sources stand on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPage:
    """How the archive is, with the sources of this page; `total` are all that are shown."""

    health: Health
    show: Literal["all", "trouble"]
    total: int
    number: int
    pages: int


@page(router, "/health", "health.html")
def health(
    request: Request,
    show: Literal["all", "trouble"] = "all",
    number: Annotated[int, Query(alias="page", ge=1, le=1_000)] = 1,
) -> HealthPage:
    """How the sources are, those in trouble first."""
    archive: Archive = request.app.state.archive
    settings: WebSettings = request.app.state.settings
    found = health_of(archive, registered(settings))
    shown = [one for one in found.sources if show == "all" or one.standing.is_trouble]
    here = [
        replace(one, reason=one.reason and one.reason.replace(f"{settings.sources}/", ""))  # no reader needs to know it
        for one in shown[(number - 1) * PAGE : number * PAGE]
    ]
    return HealthPage(
        health=replace(found, sources=here),
        show=show,
        total=len(shown),
        number=number,
        pages=max(1, -(-len(shown) // PAGE)),
    )


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """The archive's metrics, and this server's own."""
    state = request.app.state
    of_archive = metrics_of(state.archive, lambda: registered(state.settings))
    text = generate_latest(of_archive) + generate_latest(state.requests.counted())
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def registered(settings: WebSettings) -> Registry:
    """The registry that the server was told of. Raises `SourceError`."""
    return registry_in(settings.sources) if settings.sources and settings.sources.is_dir() else {}
