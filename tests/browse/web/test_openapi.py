"""The API as its own description has it: whatever is asked for, it answers, and with what it promised.

BANTIN_API_EXAMPLES asks more of each way; the default is a short round that always is the same.
"""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from browse.web.app import create_app
from browse.web.settings import WebSettings
from tests.browse.web.odd import fill

EXAMPLES = int(os.environ.get("BANTIN_API_EXAMPLES", "5"))
CHECKS = (not_a_server_error, content_type_conformance, response_schema_conformance)


def test_every_way_of_the_api_answers_as_described(tmp_path_factory: pytest.TempPathFactory) -> None:
    made = fill(tmp_path_factory.mktemp("odd"))
    app = create_app(WebSettings(archive=made.archive, cache=made.cache))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [operation.ok() for operation in schema.get_all_operations()]
    assert {"/", "/search.json", "/export", "/feed.atom", "/sources/{source}"} <= {one.path for one in operations}
    assert {one.method.lower() for one in operations} == {"get"}
    for operation in operations:
        _ask(operation)


def _ask(operation: schemathesis.APIOperation) -> None:
    strategy = operation.as_strategy()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    given(case=strategy)(ask)()
