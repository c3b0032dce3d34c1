"""How far somebody has come in a log."""

from __future__ import annotations

from .models import LogEntry, LogItem


class LogPlace:
    """Decides of each item whether it is to be told."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        """Of the last line that is known; behind it everything is new."""
        # When that was written.
        self._newest = ""

    def take(self, item: LogItem) -> bool:
        """Whether an item is new.

        Of a log that begins anew, as one that was restored from a backup does, lines have numbers that were there
        before: they are told by their time.
        """
        line = item if isinstance(item, LogEntry) else None
        seq = item.seq if isinstance(item, LogEntry) else item.gap.to_seq
        if seq <= self.seq and (line is None or line.timestamp <= self._newest):
            return False
        self.seq = seq
        if line is not None:
            self._newest = line.timestamp
        return True
