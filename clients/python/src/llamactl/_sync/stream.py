"""What goes on. Its twin is written by hand: a generator cannot be closed while another thread waits in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from types import TracebackType
from typing import Generic, TypeVar

from ..errors import ClosedError
from .connections import Connections

_Item = TypeVar("_Item")


class Stream(Iterator[_Item], Generic[_Item]):
    """What goes on, for one loop. `close()`, from any thread, ends it, also while it waits; so does the end of a `with`."""

    def __init__(self, items: Generator[_Item, None, None], connections: Connections) -> None:
        self._items = _until_over(items, connections)
        self._connections = connections
        self._is_closed = False

    def __next__(self) -> _Item:
        try:
            item = next(self._items)
        except (ClosedError, ValueError):
            # Whoever closes the client breaks it off; whoever closes the stream has had enough, and may be in it still.
            if not self._is_closed:
                raise
        else:
            if not self._is_closed:
                return item
            self._close_items()
        raise StopIteration

    def close(self) -> None:
        """Ends it: a loop over it is over, and what it was told of hangs up."""
        self._is_closed = True
        self._connections.close()
        self._close_items()

    def _close_items(self) -> None:
        # Python's word for: another thread is in it. That one finds it closed, or closes it.
        with suppress(ValueError):
            self._items.close()

    def __enter__(self) -> Stream[_Item]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def stream_of(items: Generator[_Item, None, None], connections: Connections) -> Stream[_Item]:
    """Items with connections of their own."""
    return Stream(items, connections)


def _until_over(items: Generator[_Item, None, None], connections: Connections) -> Generator[_Item, None, None]:
    try:
        with closing(items):
            yield from items
    finally:
        connections.close()
