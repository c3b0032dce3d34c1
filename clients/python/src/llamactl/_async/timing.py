"""Timers and random numbers, which tests replace. The other version is written by hand."""

from __future__ import annotations

import asyncio
import random
import time


class Over:
    """A flag that tasks can wait for. Unlike an event of asyncio, it works in one event loop after another."""

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
        """Wait until the flag is set, at most for the given time."""
        if self._is_set:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await asyncio.wait([waiter], timeout=seconds)
        finally:
            self._waiters.discard(waiter)


class Timing:
    """The timing of the platform."""

    async def sleep(self, seconds: float, over: Over) -> None:
        """Sleep, but not longer than until the flag is set."""
        await over.wait(seconds)

    def now(self) -> float:
        """Return the seconds of a monotonic clock."""
        return time.monotonic()

    def random(self) -> float:
        """Return a random number, at least 0 and less than 1."""
        return random.random()
