"""Streams. The other version is written by hand: a generator cannot be closed while another thread waits in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeAlias, TypeVar

from .connections import Connections

_Item = TypeVar("_Item")
AsyncStream: TypeAlias = AsyncGenerator[_Item, None]


async def stream_of(items: AsyncGenerator[_Item, None], connections: Connections) -> AsyncStream[_Item]:
    """Yield items of a stream that has its own connections."""
    try:
        async with aclosing(items):
            async for item in items:
                yield item
    finally:
        await connections.close()
