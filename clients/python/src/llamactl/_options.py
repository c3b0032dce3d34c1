"""What a client is made of, and what a request is."""

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
    """A stream was broken, and will be resumed where it was."""

    error: Exception
    """What ended it."""
    attempt: int
    """How often it was tried to resume it since something came last."""
    delay: float
    """Seconds until the next try."""


OnOpen: TypeAlias = Callable[[], None] | None
OnInterruption: TypeAlias = Callable[[Interruption], None] | None


@dataclass(frozen=True)
class Answer:
    """An answer, read."""

    status: int
    headers: Mapping[str, str]
    """By names in any case."""
    body: Any
    """What its JSON says."""


@dataclass(frozen=True)
class Options:
    """How a client talks to its server."""

    address: str
    timeout: float | None
    retries: int
    headers: Mapping[str, str]
    ssl_context: ssl.SSLContext | None
    """`None`: it is spoken to without TLS."""


@dataclass(frozen=True)
class Request:
    """One request, whatever it is for."""

    method: str
    path: str
    """From the server's address on, encoded: `/api/instances`."""
    query: dict[str, QueryValue] = field(default_factory=dict)
    body: Any = None
    """Sent as JSON; `None`: there is none."""
    text: str | None = None
    """Sent as YAML instead."""
    headers: Mapping[str, str] = field(default_factory=dict)
    other_statuses: tuple[int, ...] = ()
    """Those beyond 2xx that are no errors."""
    is_patient: bool = False
    """It may take as long as it takes."""
    silence: float | None = None
    """Of a stream that is patient: seconds without a byte after which the connection counts as lost."""
    retries: int | None = None
    """Instead of the client's."""


def checked_timeout(timeout: float | None) -> float | None:
    """Raises:
    ValueError: it is no time that an answer could come in.
    """
    if timeout is not None and timeout <= 0:
        raise ValueError("`timeout` is more than 0 seconds, or None for ever.")
    return timeout
