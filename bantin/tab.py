"""The archive in Airflow: its pages below /bantin, in a tab of their own and in one of each DAG run, for those who have
signed in to Airflow.

Airflow finds the plugin by its entry point (`airflow.plugins` in pyproject.toml), wherever bantin is installed. Each of
its processes imports this module, tasks too, so the pages are built when they are first asked for.
"""

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from bantin.dag_ids import dag_of, source_of

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

MOUNT = "/bantin"
OPEN_TO_ALL = "/static/"
"""What everybody may see below the mount: files of the program, by which the page that refuses is shown, too."""


def root_path() -> str:
    """The path below which Airflow is reached, without a slash at its end."""
    return urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")


class Pages:
    """The application, built at its first request."""

    @cached_property
    def _app(self) -> "ASGIApp":
        from bantin.settings import Settings
        from browse.web.app import create_app
        from browse.web.settings import WebSettings

        settings = Settings.from_environment()
        web = WebSettings(
            archive=settings.archive, cache=settings.cache, sources=settings.sources, airflow=root_path() or "/"
        )
        app = create_app(web)
        _add_ways(app)
        app.add_middleware(SignedIn)
        return app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Passes the request on."""
        await self._app(scope, receive, send)


class SignedIn:
    """Lets in whom Airflow knows and lets see its own pages; others get 401 or 403."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Passes the request on, or refuses it."""
        from starlette.exceptions import HTTPException
        from starlette.requests import Request

        from browse.web.refusal import refuse
        from browse.web.security import HEADERS

        if scope["type"] == "http":
            request = Request(scope)
            try:
                await _expect_user(request)
            except HTTPException as err:
                refused = refuse(scope, err.status_code, "Not signed in", err.detail, HEADERS)
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)


def is_open(scope: "Scope") -> bool:
    """Whether a request is for what everybody may see. By the path that leads it to a page, not by the address that
    is put together of it and `Host`: where these differ, a page would be seen that is not open."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")).startswith(OPEN_TO_ALL)


async def _expect_user(request: "Request") -> None:
    """Raises `HTTPException` unless the request bears the token or the cookie of somebody who may see Airflow."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
    from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
    from starlette.exceptions import HTTPException

    if is_open(request.scope):
        return
    try:
        user = await get_user(request, None, await bearer_scheme(request))
    except HTTPException as err:
        where = get_auth_manager().get_url_login()
        raise HTTPException(err.status_code, f"Sign in to Airflow first, at {where}.") from err
    if not get_auth_manager().is_authorized_view(access_view=AccessView.WEBSITE, user=user):
        raise HTTPException(403, "Airflow does not let you see its pages.")


def _add_ways(app: "FastAPI") -> None:
    """Adds the ways between Airflow's page of a DAG run and the archive's page of the run that it made. They meet in
    the run's id, which is the DAG run's `run_after` to the second (`bantin.operators.run_of`)."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from fastapi import Query
    from sqlalchemy import select
    from starlette.exceptions import HTTPException
    from starlette.responses import RedirectResponse

    from bantin.settings import Settings
    from storage.errors import InvalidKey
    from storage.keys import run_id, run_time

    @app.get("/dag-run", response_class=RedirectResponse, tags=["runs"])
    def to_archive(dag: Annotated[str, Query(max_length=250)], run: Annotated[str, Query(max_length=250)]) -> str:
        """From a DAG run to the page of the run that it made; of a DAG that crawls nothing, to the front page."""
        with create_session() as session:
            after = session.scalar(select(DagRun.run_after).where(DagRun.dag_id == dag, DagRun.run_id == run))
        if after is None:
            raise HTTPException(404, f"{dag} has no run {run}.")
        made = f"runs/{source}/{run_id(after)}" if (source := source_of(dag)) else ""
        return f"{root_path()}{MOUNT}/{made}"

    @app.get("/dag-runs/{source}/{run}", response_class=RedirectResponse, tags=["runs"])
    def to_airflow(source: str, run: str) -> str:
        """From a run to the DAG run that made it."""
        try:
            begin = run_time(run)
        except InvalidKey as err:
            raise HTTPException(404, str(err)) from err
        dag = dag_of(source, Settings.from_environment().shards)
        of_that_second = DagRun.run_after.between(begin, begin + timedelta(microseconds=999_999))
        with create_session() as session:
            found = select(DagRun.run_id).where(DagRun.dag_id == dag, of_that_second).limit(1)
            dag_run = session.scalar(found)
        if dag_run is None:
            raise HTTPException(404, f"No DAG run of this Airflow made run {run} of {source}.")
        return f"{root_path()}/dags/{quote(dag, safe='')}/runs/{quote(dag_run, safe='')}"


class ArchiveTab(AirflowPlugin):
    """The archive in Airflow's menu, and among the tabs of DAG runs."""

    name = "bantin"
    fastapi_apps = [{"app": Pages(), "url_prefix": MOUNT, "name": "bantin"}]  # noqa: RUF012 - as Airflow reads it
    external_views = [  # noqa: RUF012
        {
            "name": "Bản tin",
            "href": f"{root_path()}{MOUNT}/",
            "destination": "nav",
            "nav_top_level": True,
            "url_route": "bantin",
            "icon": f"{root_path()}{MOUNT}/static/icon.svg",
        },
        {
            "name": "Bản tin",
            "href": f"{root_path()}{MOUNT}/dag-run?dag={{DAG_ID}}&run={{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "bantin-run",
            "icon": f"{root_path()}{MOUNT}/static/icon.svg",
        },
    ]
