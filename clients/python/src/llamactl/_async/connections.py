"""The connections of a client. The other version is written by hand: threads are woken in another way."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import httpx

from .._address import is_loopback
from .._keep_alive import keep_alive
from .._options import Options
from ..errors import ClosedError
from .timing import Over

if TYPE_CHECKING:
    from .socket import EventSocket


class Connections:
    """The connections of a client, or of one of its streams. Closing them ends all calls that wait for them."""

    def __init__(self, make: Callable[[], httpx.AsyncClient], lender: Connections | None = None) -> None:
        self._make = make
        self._lender = lender
        self.http: httpx.AsyncClient = make() if lender is None else lender.http
        self.over = Over()
        # Weak references: they end with their users.
        self._sockets: WeakSet[EventSocket] = WeakSet()
        self._parts: WeakSet[Connections] = WeakSet()
        # Closing needs it, so it lives as long as the connections.
        self._owner: Connections | None = None

    @classmethod
    def of(cls, options: Options) -> Connections:
        """Return the first connections of a client."""
        is_near = is_loopback(options.address)
        # Reading all authorities takes time, and connections without TLS do not need them.
        context = options.ssl_context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # The number of streams is not limited.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        return cls(lambda: httpx.AsyncClient(verify=context, trust_env=not is_near, limits=limits))

    @property
    def extensions(self) -> dict[str, Any]:
        """Extensions of every request, which report the sockets that are opened for it."""
        return {"trace": _trace}

    def part(self) -> Connections:
        """Return connections for one stream. They can be closed alone, and are closed with these."""
        return self._kept(Connections(self._make))

    def lent(self) -> Connections:
        """Return the same connections for another client, which closes only its own streams."""
        return self._kept(Connections(self._make, self))

    def _kept(self, part: Connections) -> Connections:
        self._parts.add(part)
        part._owner = self
        if self.over.is_set():
            part.over.set()
        return part

    def hold(self, socket: EventSocket) -> None:
        """Close this object too."""
        self._sockets.add(socket)

    def check(self) -> None:
        """Raises:
        ClosedError: The connections are closed.
        """
        if self.over.is_set():
            raise ClosedError

    async def close(self) -> None:
        self.over.set()
        for part in list(self._parts):
            await part.close()
        for socket in list(self._sockets):
            await socket.close()
        if self._lender is None:
            await self.http.aclose()


async def _trace(name: str, facts: Mapping[str, Any]) -> None:
    if name.endswith(".connect_tcp.complete"):
        keep_alive(facts["return_value"].get_extra_info("socket"))
