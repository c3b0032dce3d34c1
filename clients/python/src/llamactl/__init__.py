"""The client library for the whole API of llamactl, the control plane for local LLM inference."""

from . import models
from ._async.client import AsyncClient
from ._options import Answer, Interruption
from ._sync.client import Client
from ._sync.stream import Stream
from ._version import __version__
from .chat import ChatChunk
from .errors import (
    ClosedError,
    ConflictError,
    ConnectionError,
    Error,
    ForbiddenError,
    LlamactlError,
    NotFoundError,
    PreconditionFailedError,
    ProtocolError,
    RateLimitedError,
    ServerError,
    TimeoutError,
    UnauthorizedError,
    ValidationError,
)

__all__ = [
    "Answer",
    "AsyncClient",
    "ChatChunk",
    "Client",
    "ClosedError",
    "ConflictError",
    "ConnectionError",
    "Error",
    "ForbiddenError",
    "Interruption",
    "LlamactlError",
    "NotFoundError",
    "PreconditionFailedError",
    "ProtocolError",
    "RateLimitedError",
    "ServerError",
    "Stream",
    "TimeoutError",
    "UnauthorizedError",
    "ValidationError",
    "__version__",
    "models",
]
