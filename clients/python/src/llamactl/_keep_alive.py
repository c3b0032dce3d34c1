"""TCP keep-alive, which detects a dead connection of a request without a timeout."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

# Seconds of silence before the first probe, seconds between probes, and how many probes may stay unanswered.
_SETTINGS = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}


def keep_alive(opened: Any) -> None:
    """Turn on keep-alive probes for a socket."""
    # Not every platform has all settings; a connection works without them.
    with suppress(OSError, AttributeError):
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _SETTINGS.items():
            opened.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
