"""Time and chance, so that tests can have their own. Its twin is written by hand."""

from __future__ import annotations

import asyncio
import random
import time


class Over:
    """Whether something is over. Unlike an event of asyncio it may be waited for in one loop after another."""

    def __init__(self) -> None:
        self._is_set = False
        self._waiters: set[asyncio.Future[None]] = set()

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, seconds: float) -> None:
        """For no longer than that."""
        if self._is_set:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await asyncio.wait([waiter], timeout=seconds)
        finally:
            self._waiters.discard(waiter)


class Timing:
    """That of the platform."""

    async def sleep(self, seconds: float, over: Over) -> None:
        """For no longer than until it is over."""
        await over.wait(seconds)

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def random(self) -> float:
        """At least 0, less than 1."""
        return random.random()
