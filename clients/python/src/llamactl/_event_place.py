"""The position of a client in the events, and its filter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# A number below that of every event. 0 would request all kept events.
_BEFORE_ALL = 1
# Types of frames that are not kept. They repeat the number of the last kept one.
_PASSING = frozenset(
    {
        "instance_stats_updated",
        "requests_updated",
        "request_started",
        "request_finished",
        "system_stats_updated",
        "instance_load_progress",
        "instances_refreshed",
        "log_lines",
        "log_gap",
        "decision",
    }
)


class EventPlace:
    """Decides whether to yield each received frame."""

    def __init__(self, instances: Iterable[str] | None, types: Iterable[str] | None, after_seq: int | None) -> None:
        self._types = None if types is None else frozenset(types)
        # Names in lower case.
        self._instances = None if instances is None else frozenset(name.lower() for name in instances)
        # The number of the last known event; `None`: not yet known, and past events are not wanted.
        self._seq = after_seq

    @property
    def after_seq(self) -> int:
        """The `after_seq` of the next connection.

        If past events are not wanted, it is a number that no event has. The server then starts with a gap that contains
        the newest number, if any event exists. Without that, a client that loses its connection before the first event
        could not know which events it missed.
        """
        return _BEFORE_ALL if self._seq is None else self._seq

    @property
    def is_known(self) -> bool:
        """Whether the position in the events is known."""
        return self._seq is not None

    def waited(self) -> None:
        """Call it when a gap would have come: after a close frame, or a silent connection.

        Without a gap no event existed, so all later events are new.
        """
        if self._seq is None:
            self._seq = 0

    def take(self, frame: Mapping[str, Any]) -> bool:
        """Record a frame and return whether to yield it."""
        if frame["type"] == "gap":
            return self._take_gap(frame)
        if frame["type"] not in _PASSING and self._seq is not None and frame["seq"] <= self._seq:
            return False
        if self._seq is None or frame["seq"] > self._seq:
            self._seq = frame["seq"]
        return self._is_wanted(frame)

    def _take_gap(self, frame: Mapping[str, Any]) -> bool:
        """The first gap only sets the position: events up to its `last_seq` are past."""
        data = frame["data"]
        if self._seq is None:
            self._seq = data["last_seq"]
            return False
        self._seq = max(self._seq, data["to_seq"])
        return True

    def _is_wanted(self, frame: Mapping[str, Any]) -> bool:
        """Filter frames here too, because the server filters them only after it got the subscription."""
        if self._types is not None and frame["type"] not in self._types:
            return False
        # Decisions come only after a subscription, and one of another instance may concern a wanted one.
        if frame["type"] == "decision":
            return True
        data = frame["data"]
        name = data.get("name", data.get("instance"))
        return name is None or self._instances is None or name.lower() in self._instances
