"""One WebSocket. The other version is written by hand: the two libraries wait in different ways."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping

from websockets.asyncio.client import ClientConnection, connect

from .connections import Connections


class EventSocket:
    """A WebSocket from its handshake to its end. Pings keep it alive and detect a dead connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @classmethod
    async def open(
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
        connection = await connect(
            url,
            additional_headers=headers,
            user_agent_header=None,
            open_timeout=timeout,
            close_timeout=1,
            ssl=ssl_context,
            proxy=True if uses_proxy else None,
            max_size=None,
        )
        socket = cls(connection)
        connections.hold(socket)
        return socket

    async def send(self, text: str) -> None:
        await self._connection.send(text)

    async def receive(self, seconds: float | None) -> str | None:
        """Return the next message; `None`: no message came within the given seconds.

        Raises:
            ConnectionClosed: Of `websockets`, if the WebSocket has ended.
        """
        try:
            message = await asyncio.wait_for(self._connection.recv(), seconds)
        except asyncio.TimeoutError:
            return None
        return message if isinstance(message, str) else message.decode("utf-8", "replace")

    async def close(self) -> None:
        try:
            await self._connection.close()
        finally:
            # A cancelled task does not wait for the other end.
            self._connection.transport.abort()
