"""One function over many cases, on all cores, their results in the cases' order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from bcweb.cores import core_count

Result = TypeVar("Result")


def in_order(
    function: Callable[..., Result], cases: Iterable[tuple], threads: int | None = None
) -> Iterator[Result]:
    """function(*case) for each case, some cases ahead and no more: pictures and masks are large.

    Threads, since what takes time (decoding, packing, the disk) leaves Python alone. The cases are asked
    for by this thread. What the function raises comes out in its place, and nothing more is begun.
    """
    threads = threads or min(core_count(), 8)
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for case in cases:
            waiting.append(pool.submit(function, *case))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
