"""Time and chance, so that tests can have their own. Its twin is written by hand."""

from __future__ import annotations

import random
import threading
import time


class Timing:
    """That of the platform."""

    def sleep(self, seconds: float, over: threading.Event) -> None:
        """For no longer than until it is over."""
        over.wait(seconds)

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def random(self) -> float:
        """At least 0, less than 1."""
        return random.random()
