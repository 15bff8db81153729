"""Calls in threads, a few at a time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

Result = TypeVar("Result")


def in_parallel(work: Iterable[Callable[[], Result]], at_a_time: int) -> Iterator[Result]:
    """The results of `work`, as they come; no more is begun than is soon needed. The first error is raised, and what
    has not begun then never does; so it is where the iterator is closed."""
    left = iter(work)
    with ThreadPoolExecutor(at_a_time) as pool:
        under_way: set[Future[Result]] = set()
        try:
            while True:
                under_way |= {pool.submit(call) for call in islice(left, 2 * at_a_time - len(under_way))}
                if not under_way:
                    return
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for one in done:
                    yield one.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
