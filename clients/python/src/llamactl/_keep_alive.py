"""What tells that the other end is gone without a word, where an answer may take as long as it takes."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

# Seconds of silence until it is asked for, between two questions, and how many of them may stay unanswered.
_SETTINGS = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}


def keep_alive(opened: Any) -> None:
    """Has the system ask whether the other end of a socket is still there."""
    # Not every platform has them all, and a connection is none the worse without.
    with suppress(OSError, AttributeError):
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _SETTINGS.items():
            opened.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
