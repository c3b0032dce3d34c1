"""Streams. The other version is written by hand: a generator cannot be closed while another thread waits in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from types import TracebackType
from typing import Generic, TypeVar

from ..errors import ClosedError
from .connections import Connections

_Item = TypeVar("_Item")


class Stream(Iterator[_Item], Generic[_Item]):
    """A stream for one loop. `close()`, from any thread, ends it, also while it waits; so does the end of a `with`."""

    def __init__(self, items: Generator[_Item, None, None], connections: Connections) -> None:
        self._items = _until_over(items, connections)
        self._connections = connections
        self._is_closed = False

    def __next__(self) -> _Item:
        try:
            item = next(self._items)
        except (ClosedError, ValueError):
            # Closing the client raises an error here. Closing the stream just ends the loop, also from within the loop.
            if not self._is_closed:
                raise
        else:
            if not self._is_closed:
                return item
            self._close_items()
        raise StopIteration

    def close(self) -> None:
        """End the stream: its loop ends and its connections close."""
        self._is_closed = True
        self._connections.close()
        self._close_items()

    def _close_items(self) -> None:
        # Python raises this if another thread runs the generator. That thread finds the stream closed, or closes it.
        with suppress(ValueError):
            self._items.close()

    def __enter__(self) -> Stream[_Item]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def stream_of(items: Generator[_Item, None, None], connections: Connections) -> Stream[_Item]:
    """Yield items of a stream that has its own connections."""
    return Stream(items, connections)


def _until_over(items: Generator[_Item, None, None], connections: Connections) -> Generator[_Item, None, None]:
    try:
        with closing(items):
            yield from items
    finally:
        connections.close()
