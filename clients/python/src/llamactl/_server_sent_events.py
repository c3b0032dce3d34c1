"""Server-Sent Events (HTML standard, 9.2)."""

from __future__ import annotations

import codecs
import io


class EventParser:
    """Parses events from bytes in chunks of any size."""

    def __init__(self) -> None:
        self._decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")("replace"), True)
        self._rest = ""
        self._data: list[str] = []

    def push(self, piece: bytes) -> list[str]:
        """Add a chunk and return the data of the events that it completes."""
        *lines, self._rest = (self._rest + self._decoder.decode(piece)).split("\n")
        return [event for line in lines if (event := self._take(line)) is not None]

    def _take(self, line: str) -> str | None:
        """Add a line. An empty line ends an event; an event without data is dropped."""
        if line == "":
            event = "\n".join(self._data) if self._data else None
            self._data = []
            return event
        field, _, value = line.partition(":")
        if field == "data":
            self._data.append(value.removeprefix(" "))
        return None
