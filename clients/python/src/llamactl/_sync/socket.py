"""One WebSocket. The other version is written by hand: the two libraries wait in different ways."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from websockets.sync.client import ClientConnection, connect

from .connections import Connections


class EventSocket:
    """A WebSocket from its handshake to its end. Pings keep it alive and detect a dead connection."""

    def __init__(self, connection: ClientConnection, context: ExitStack) -> None:
        self._connection = connection
        self._context = context
        self._process = os.getpid()

    @classmethod
    def open(
        cls,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: float | None,
        ssl_context: ssl.SSLContext | None,
        uses_proxy: bool,
        connections: Connections,
    ) -> EventSocket:
        """Open the WebSocket. Raises the errors of `websockets`."""

        class HeldConnection(ClientConnection):
            """Register the socket, which may be closed during its handshake."""

            def __init__(self, sock: socket.socket, *given: Any, **named: Any) -> None:
                connections.hold(sock)
                super().__init__(sock, *given, **named)

        context = ExitStack()
        connection = context.enter_context(
            connect(
                url,
                additional_headers=headers,
                user_agent_header=None,
                open_timeout=timeout,
                close_timeout=1,
                ssl=ssl_context,
                proxy=True if uses_proxy else None,
                max_size=None,
                create_connection=HeldConnection,
            )
        )
        return cls(connection, context)

    def send(self, text: str) -> None:
        self._connection.send(text)

    def receive(self, seconds: float | None) -> str | None:
        """Return the next message; `None`: no message came within the given seconds.

        Raises:
            ConnectionClosed: Of `websockets`, if the WebSocket has ended.
        """
        try:
            message = self._connection.recv(seconds)
        except TimeoutError:
            return None
        return message if isinstance(message, str) else message.decode("utf-8", "replace")

    def close(self) -> None:
        if self._process == os.getpid():
            self._context.close()
        else:
            # A forked process would send a close frame for its parent.
            self._connection.socket.close()
