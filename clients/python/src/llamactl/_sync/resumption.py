# Generated from _async/ by `npm run generate`.
"""When a stream that was lost is resumed."""

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
        """Something came: the next loss is a new one."""
        self._failures = 0

    def failed(self, error: Exception) -> None:
        """Returns when it is time to try again; raises the error, if trying again would not help."""
        if not is_passing(error):
            raise error
        delay = resume_delay(error, self._failures, self._transport.timing.random())
        self._failures += 1
        if self._on_interruption is not None:
            self._on_interruption(Interruption(error, self._failures, delay))
        self._transport.sleep(delay)

    def ended(self) -> None:
        """The same for a stream that the server ended in order, which is looked into at once the first time."""
        if self._failures == 0:
            self._failures = 1
        else:
            self.failed(ConnectionError(f"{self._address} ended the stream.", url=self._address))
