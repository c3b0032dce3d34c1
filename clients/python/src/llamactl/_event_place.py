"""How far somebody has come in the events, and what they want of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# What follows a number that no event has; 0 would ask for everything that is kept.
_BEFORE_ALL = 1


class EventPlace:
    """Decides of each frame, as it came, whether it is to be told."""

    def __init__(self, instances: Iterable[str] | None, types: Iterable[str] | None, after_seq: int | None) -> None:
        self._types = None if types is None else frozenset(types)
        # Names ignore case.
        self._instances = None if instances is None else frozenset(name.lower() for name in instances)
        # The number of the last event that is known; `None`: not known yet, and what there is already is not wanted.
        self._seq = after_seq

    @property
    def after_seq(self) -> int:
        """After what to ask for events.

        Whoever wants only the present asks for what follows a number that no event has: if there are any, the answer
        begins with a gap, which says where the events have come to. Without that, whoever loses the connection before
        the first event could not know what they missed.
        """
        return _BEFORE_ALL if self._seq is None else self._seq

    @property
    def is_known(self) -> bool:
        """Whether the server has said where the events have come to."""
        return self._seq is not None

    def waited(self) -> None:
        """The server had its time to tell something: where it has not, there was nothing, and all that comes is new."""
        if self._seq is None:
            self._seq = 0

    def take(self, frame: Mapping[str, Any]) -> bool:
        """Whether a frame is to be told."""
        if frame["type"] == "gap":
            return self._take_gap(frame)
        is_kept = frame["type"] != "instance_stats_updated"
        if is_kept and self._seq is not None and frame["seq"] <= self._seq:
            return False
        if self._seq is None or frame["seq"] > self._seq:
            self._seq = frame["seq"]
        return self._is_wanted(frame)

    def _take_gap(self, frame: Mapping[str, Any]) -> bool:
        """Of what is told after the first one, all that is no newer than it is the past, and not wanted."""
        data = frame["data"]
        if self._seq is None:
            self._seq = data["last_seq"]
            return False
        self._seq = max(self._seq, data["to_seq"])
        return True

    def _is_wanted(self, frame: Mapping[str, Any]) -> bool:
        """The server leaves out what is not wanted only from the moment that it has been told."""
        if self._types is not None and frame["type"] not in self._types:
            return False
        data = frame["data"]
        name = data.get("name", data.get("instance"))
        return name is None or self._instances is None or name.lower() in self._instances
