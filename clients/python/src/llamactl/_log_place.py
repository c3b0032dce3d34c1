"""The position of a client in a log."""

from __future__ import annotations

from .models import LogEntry, LogItem


class LogPlace:
    """Decides whether to yield each received item."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        """The `seq` of the last known line; later lines are new."""
        # Timestamp of that line.
        self._newest = ""

    def take(self, item: LogItem) -> bool:
        """Record an item and return whether it is new.

        A log that starts over, for example after a restored backup, repeats numbers: its lines count as new by their
        timestamp.
        """
        line = item if isinstance(item, LogEntry) else None
        seq = item.seq if isinstance(item, LogEntry) else item.gap.to_seq
        if seq <= self.seq and (line is None or line.timestamp <= self._newest):
            return False
        self.seq = seq
        if line is not None:
            self._newest = line.timestamp
        return True
