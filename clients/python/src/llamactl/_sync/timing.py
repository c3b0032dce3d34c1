# Generated from _async/ by `npm run generate`.
"""Time and chance, so that tests can have their own."""

from __future__ import annotations

import random
import time


class Timing:
    """That of the platform."""

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def random(self) -> float:
        """At least 0, less than 1."""
        return random.random()
