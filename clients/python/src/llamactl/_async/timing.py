"""Time and chance, so that tests can have their own. Its twin is written by hand."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress


class Timing:
    """That of the platform."""

    async def sleep(self, seconds: float, over: asyncio.Event) -> None:
        """For no longer than until it is over."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(over.wait(), seconds)

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def random(self) -> float:
        """At least 0, less than 1."""
        return random.random()
