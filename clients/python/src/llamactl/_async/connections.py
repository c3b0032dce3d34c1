"""The connections of a client. Its twin is written by hand: a thread that waits is woken in a way of its own."""

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
    """Those of a client, or of one of its streams. Closing them ends whoever waits for something of them."""

    def __init__(self, make: Callable[[], httpx.AsyncClient], lender: Connections | None = None) -> None:
        self._make = make
        self._lender = lender
        self.http: httpx.AsyncClient = make() if lender is None else lender.http
        self.over = Over()
        # Let go with whoever uses them.
        self._sockets: WeakSet[EventSocket] = WeakSet()
        self._parts: WeakSet[Connections] = WeakSet()
        # They are closed through it, and so live as long.
        self._owner: Connections | None = None

    @classmethod
    def of(cls, options: Options) -> Connections:
        """Those that a client begins with."""
        is_near = is_loopback(options.address)
        # Reading all authorities takes its time, and what is spoken to without TLS needs none.
        context = options.ssl_context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # Nobody bounds how many streams there are.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        return cls(lambda: httpx.AsyncClient(verify=context, trust_env=not is_near, limits=limits))

    @property
    def extensions(self) -> dict[str, Any]:
        """Of every request: what tells of the sockets that are opened for it."""
        return {"trace": _trace}

    def part(self) -> Connections:
        """Others, for one stream, that can be closed alone, and are closed with these."""
        return self._kept(Connections(self._make))

    def lent(self) -> Connections:
        """The same, for another client: it closes what it has begun, and leaves these open."""
        return self._kept(Connections(self._make, self))

    def _kept(self, part: Connections) -> Connections:
        self._parts.add(part)
        part._owner = self
        if self.over.is_set():
            part.over.set()
        return part

    def hold(self, socket: EventSocket) -> None:
        """Closes this too."""
        self._sockets.add(socket)

    def check(self) -> None:
        """Raises:
        ClosedError: they are closed.
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
