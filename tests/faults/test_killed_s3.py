"""The same in a bucket, where a call is a request: every few of them, others each day."""

from collections.abc import Callable

import pytest

from tests.faults.conftest import TODAY, Crawled, at_each
from tests.faults.doomed import Death
from tests.faults.test_killed import die_and_mend

pytestmark = pytest.mark.timeout(1200)

STRIDE = 5


def test_a_power_cut_before_some_of_the_requests(
    crawled_s3: Crawled, record_property: Callable[[str, object], None]
) -> None:
    calls = crawled_s3.calls()
    points = range(1 + TODAY % STRIDE, len(calls) + 1, STRIDE)
    at_each(points, lambda n: die_and_mend(crawled_s3, Death(n)), record_property)
