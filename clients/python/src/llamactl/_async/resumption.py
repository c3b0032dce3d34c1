"""Rules for resuming a lost stream."""

from __future__ import annotations

from .._options import Interruption, OnInterruption
from .._retry import is_passing, resume_delay
from ..errors import ConnectionError
from .transport import Transport


class Resumption:
    """Counts the failures of one stream."""

    def __init__(self, transport: Transport, on_interruption: OnInterruption) -> None:
        self._transport = transport
        self._address = transport.options.address
        self._on_interruption = on_interruption
        self._failures = 0

    def succeeded(self) -> None:
        """Call it when an item arrives: the next loss starts with the shortest backoff."""
        self._failures = 0

    async def failed(self, error: Exception) -> None:
        """Return when it is time to retry; raise the error if retrying would not help."""
        if not is_passing(error):
            raise error
        delay = resume_delay(error, self._failures, self._transport.timing.random())
        self._failures += 1
        if self._on_interruption is not None:
            self._on_interruption(Interruption(error, self._failures, delay))
        await self._transport.sleep(delay)

    async def ended(self) -> None:
        """Like `failed`, for a stream that the server ended normally. The first retry is immediate."""
        if self._failures == 0:
            self._failures = 1
        else:
            await self.failed(ConnectionError(f"{self._address} ended the stream.", url=self._address))
