"""The same in a bucket, where a call is a request: every few of them, others each day."""

from collections.abc import Callable

import pytest

from tests.faults.conftest import Crawled, at_each, todays
from tests.faults.doomed import Death
from tests.faults.test_killed import die_and_mend

pytestmark = pytest.mark.timeout(1200)

ONE_IN = 10


def test_a_power_cut_before_some_of_the_requests(
    crawled_s3: Crawled, record_property: Callable[[str, object], None]
) -> None:
    calls = crawled_s3.calls()
    at_each(todays(range(1, len(calls) + 1), ONE_IN), lambda n: die_and_mend(crawled_s3, Death(n)), record_property)
