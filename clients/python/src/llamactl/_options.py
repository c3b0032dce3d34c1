"""Options of a client, and requests."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Token: TypeAlias = str | Callable[[], str | None]
AsyncToken: TypeAlias = str | Callable[[], str | Awaitable[str | None] | None]
QueryValue: TypeAlias = str | int | float | bool | None

DEFAULT_TIMEOUT = 60.0
DEFAULT_RETRIES = 2


@dataclass(frozen=True)
class Interruption:
    """A lost connection of a stream, which the client will resume at the same position."""

    error: Exception
    """Why the connection was lost."""
    attempt: int
    """Number of failures since the last item arrived."""
    delay: float
    """Seconds until the next attempt."""


OnOpen: TypeAlias = Callable[[], None] | None
OnInterruption: TypeAlias = Callable[[Interruption], None] | None


@dataclass(frozen=True)
class Answer:
    """An answer with its body."""

    status: int
    headers: Mapping[str, str]
    """Headers; their names ignore case."""
    body: Any
    """The parsed JSON."""


@dataclass(frozen=True)
class Options:
    """How a client talks to its server."""

    address: str
    timeout: float | None
    retries: int
    headers: Mapping[str, str]
    ssl_context: ssl.SSLContext | None
    """`None`: the connection has no TLS."""


@dataclass(frozen=True)
class Request:
    """One request."""

    method: str
    path: str
    """The encoded path after the server's address: `/api/instances`."""
    query: dict[str, QueryValue] = field(default_factory=dict)
    body: Any = None
    """Sent as JSON; `None`: no body."""
    text: str | None = None
    """YAML text to send instead of `body`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    other_statuses: tuple[int, ...] = ()
    """Statuses other than 2xx that are not errors."""
    is_patient: bool = False
    """Whether the request has no timeout."""
    silence: float | None = None
    """For a stream without a timeout: seconds without a byte after which the connection counts as lost."""
    retries: int | None = None
    """Overrides the client's value."""


def checked_timeout(timeout: float | None) -> float | None:
    """Raises:
    ValueError: The timeout is not a positive number.
    """
    if timeout is not None and timeout <= 0:
        raise ValueError("`timeout` must be more than 0 seconds, or None for no timeout.")
    return timeout
