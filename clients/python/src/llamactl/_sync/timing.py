"""Timers and random numbers, which tests replace. The other version is written by hand."""

from __future__ import annotations

import random
import threading
import time


class Timing:
    """The timing of the platform."""

    def sleep(self, seconds: float, over: threading.Event) -> None:
        """Sleep, but not longer than until the flag is set."""
        over.wait(seconds)

    def now(self) -> float:
        """Return the seconds of a monotonic clock."""
        return time.monotonic()

    def random(self) -> float:
        """Return a random number, at least 0 and less than 1."""
        return random.random()
