"""The connections of a client. The other version is written by hand: threads are woken in another way."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import httpx

from .._address import is_loopback
from .._keep_alive import keep_alive
from .._options import Options
from ..errors import ClosedError


class Connections:
    """The connections of a client, or of one of its streams. Closing them, from any thread, ends all waiting calls."""

    def __init__(self, make: Callable[[], httpx.Client], lender: Connections | None = None) -> None:
        self._make = make
        self._lender = lender
        self.http: httpx.Client = make() if lender is None else lender.http
        self.over = threading.Event()
        # For a handler of a signal that closes. It is promised nothing: the locks of `Event` and of httpx are not of this kind.
        self._lock = threading.RLock()
        # Each with the process that opened it. Weak references: they end with their users.
        self._sockets: WeakKeyDictionary[socket.socket, int] = WeakKeyDictionary()
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
        return cls(lambda: httpx.Client(verify=context, trust_env=not is_near, limits=limits))

    @property
    def extensions(self) -> dict[str, Any]:
        """Extensions of every request, which report the sockets that are opened for it."""
        return {"trace": self._trace}

    def part(self) -> Connections:
        """Return connections for one stream. They can be closed alone, and are closed with these."""
        return self._kept(Connections(self._make))

    def lent(self) -> Connections:
        """Return the same connections for another client, which closes only its own streams."""
        return self._kept(Connections(self._make, self))

    def _kept(self, part: Connections) -> Connections:
        with self._lock:
            self._parts.add(part)
            part._owner = self
            if self.over.is_set():
                part.over.set()
        return part

    def _trace(self, name: str, facts: Mapping[str, Any]) -> None:
        if name.endswith((".connect_tcp.complete", ".start_tls.complete")):
            opened = facts["return_value"].get_extra_info("socket")
            keep_alive(opened)
            self.hold(opened)

    def hold(self, opened: socket.socket) -> None:
        """Close this object too."""
        if self._lender is not None:
            self._lender.hold(opened)
            return
        with self._lock:
            self._sockets[opened] = os.getpid()
            if self.over.is_set():
                _hang_up(opened)

    def check(self) -> None:
        """Raises:
        ClosedError: The connections are closed.
        """
        if self.over.is_set():
            raise ClosedError

    def close(self) -> None:
        with self._lock:
            self.over.set()
            parts, sockets = list(self._parts), list(self._sockets.items())
        for part in parts:
            part.close()
        for opened, process in sockets:
            # A forked process would close the connection of its parent.
            if process == os.getpid():
                _hang_up(opened)
        if self._lender is None:
            self.http.close()


def _hang_up(opened: socket.socket) -> None:
    """Shut down a socket, which wakes threads that wait for it. Closing it alone would leave them waiting."""
    with suppress(OSError):
        if isinstance(opened, socket.socket):
            # The shutdown of the TLS socket would remove the object with which another thread reads.
            socket.socket.shutdown(opened, socket.SHUT_RDWR)
        else:
            opened.shutdown(socket.SHUT_RDWR)
