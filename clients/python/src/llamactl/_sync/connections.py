"""The connections of a client. Its twin is written by hand: a thread that waits is woken in a way of its own."""

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
    """Those of a client, or of one of its streams. Closing them, from any thread, ends whoever waits for something."""

    def __init__(self, make: Callable[[], httpx.Client], lender: Connections | None = None) -> None:
        self._make = make
        self._lender = lender
        self.http: httpx.Client = make() if lender is None else lender.http
        self.over = threading.Event()
        # For a handler of a signal that closes. It is promised nothing: the locks of `Event` and of httpx are not of this kind.
        self._lock = threading.RLock()
        # With the process that opened each; let go with whoever uses them.
        self._sockets: WeakKeyDictionary[socket.socket, int] = WeakKeyDictionary()
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
        return cls(lambda: httpx.Client(verify=context, trust_env=not is_near, limits=limits))

    @property
    def extensions(self) -> dict[str, Any]:
        """Of every request: what tells of the sockets that are opened for it."""
        return {"trace": self._trace}

    def part(self) -> Connections:
        """Others, for one stream, that can be closed alone, and are closed with these."""
        return self._kept(Connections(self._make))

    def lent(self) -> Connections:
        """The same, for another client: it closes what it has begun, and leaves these open."""
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
        """Closes this too."""
        if self._lender is not None:
            self._lender.hold(opened)
            return
        with self._lock:
            self._sockets[opened] = os.getpid()
            if self.over.is_set():
                _hang_up(opened)

    def check(self) -> None:
        """Raises:
        ClosedError: they are closed.
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
            # What was forked off would hang up for its parent.
            if process == os.getpid():
                _hang_up(opened)
        if self._lender is None:
            self.http.close()


def _hang_up(opened: socket.socket) -> None:
    """Whoever waits for it is told that it has ended; closing it alone would leave them waiting."""
    with suppress(OSError):
        if isinstance(opened, socket.socket):
            # That of TLS would take away what another thread reads with.
            socket.socket.shutdown(opened, socket.SHUT_RDWR)
        else:
            opened.shutdown(socket.SHUT_RDWR)
