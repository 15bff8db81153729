"""The archive in Airflow: what of it is open to who has not signed in (tests/dags/test_scheduler.py has the rest)."""

import pytest
from starlette.types import Scope

from bantin.tab import is_open


def request(path: str, host: str = "airflow.example") -> Scope:
    """A request as it comes to the application that is mounted at /bantin."""
    headers = [(b"host", host.encode())]
    return {
        "type": "http",
        "scheme": "http",
        "path": path,
        "root_path": "/bantin",
        "query_string": b"",
        "headers": headers,
    }


def test_files_of_the_program_are_open() -> None:
    assert is_open(request("/bantin/static/style.css"))


@pytest.mark.parametrize(
    "scope",
    [
        request("/bantin/"),
        request("/bantin/search.json"),
        request("/bantin/\tstatic/style.css"),
        request("/bantin/sta\ntic/style.css"),
        request("/bantin//static/style.css"),
        request("/bantin/x/static/style.css"),
        request("/bantin/search", "airflow.example/bantin/static/?"),
        request("/bantin/search", "airflow.example/static/#"),
    ],
)
def test_nothing_else_is_however_it_is_written(scope: Scope) -> None:
    assert not is_open(scope)
