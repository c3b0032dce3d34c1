"""The exceptions of this library."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .models import Problem

# The end of a message about several problems.
_MORE_FOLLOW = re.compile(r"( \(and \d+ more\))?\.?$")
# The beginning of a message whose subject is its path.
_GOES_ON = re.compile(r"(can|cannot|is|may|must|needs|runs|takes|was) ")


def _sentence(problem: Problem) -> str:
    return f"{problem.path}{' ' if _GOES_ON.match(problem.message) else ': '}{problem.message}"


class Error(Exception):
    """Base class of all errors of a failed request."""


class ClosedError(Error):
    """The client was closed before or during the call."""

    def __init__(self, message: str = "The client was closed.") -> None:
        super().__init__(message)


class LlamactlError(Error):
    """An error answer of llamactl. Its text is llamactl's sentence and the problems of the request."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        details: str = "",
        request_id: str | None = None,
        problems: Sequence[Problem] = (),
        reason: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        """HTTP status. For an error in the middle of a stream, the status that matches its type."""
        self.code = code
        """The kind of error, for programs; stable. A `models.ErrorCode` under `/api`; others elsewhere."""
        self.details = details
        """More about the error; may be empty."""
        self.request_id = request_id
        """The id of the request in the server's log."""
        self.problems = list(problems)
        """Every problem of the request, if the server knows which parts are wrong."""
        self.reason = reason
        """Why the engine did not start, for the code `START_FAILED`."""
        self.retry_after = retry_after
        """Seconds after which the same request may succeed; `None`: unknown."""

    def __str__(self) -> str:
        # The message contains the first problem, and is the text of a single one.
        others = [each for each in self.problems if each.message not in self.message]
        if not others:
            return self.message
        return "; ".join([_MORE_FOLLOW.sub("", self.message), *map(_sentence, others)])

    def __reduce__(self) -> tuple[Callable[..., LlamactlError], tuple[str]]:
        facts = {name: value for name, value in vars(self).items() if name != "message"}
        return partial(type(self), **facts), (self.message,)


class ValidationError(LlamactlError):
    """400: the request is invalid; `problems` lists every problem."""


class UnauthorizedError(LlamactlError):
    """401: credentials are missing, wrong or expired."""


class ForbiddenError(LlamactlError):
    """403: this caller, host or origin may not do that."""


class NotFoundError(LlamactlError):
    """404: the instance, account, key or path does not exist."""


class ConflictError(LlamactlError):
    """409: the current state does not allow the request; the code says why."""


class PreconditionFailedError(LlamactlError):
    """412: the instance has changed since its `ETag` was read."""


class RateLimitedError(LlamactlError):
    """429: too many requests; `retry_after` says when to retry."""


class ServerError(LlamactlError):
    """5xx: a bug in the server, an engine that did not start (`START_FAILED`), or a server that starts or stops."""


_CLASSES: dict[int, type[LlamactlError]] = {
    400: ValidationError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: PreconditionFailedError,
    429: RateLimitedError,
}


def error_of(message: str, *, status: int, **facts: Any) -> LlamactlError:
    """Create the error whose class matches the status."""
    cls = _CLASSES.get(status, ServerError if status >= 500 else LlamactlError)
    return cls(message, status=status, **facts)


class ConnectionError(Error, builtins.ConnectionError):
    """No answer, or an incomplete one. `__cause__` is the platform's error. Also a `ConnectionError` of Python."""

    def __init__(self, message: str, *, url: str, is_unsent: bool = False) -> None:
        super().__init__(message)
        self.url = url
        """The URL of the request."""
        self.is_unsent = is_unsent
        """Whether it is certain that the server got nothing of the request."""

    def __reduce__(self) -> tuple[Callable[..., ConnectionError], tuple[Any, ...]]:
        return partial(type(self), url=self.url, is_unsent=self.is_unsent), self.args


class TimeoutError(ConnectionError, builtins.TimeoutError):
    """No answer within the timeout. The server may still have done what the request asked for."""


class ProtocolError(Error):
    """An answer or message that is not from llamactl: the page of a proxy, a redirect, another program."""

    def __init__(self, message: str, *, url: str, status: int | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.url = url
        self.status = status
        """HTTP status of the answer; `None`: it had none."""
        self.retry_after = retry_after
        """Seconds after which the same request may succeed; `None`: unknown."""

    def __reduce__(self) -> tuple[Callable[..., ProtocolError], tuple[Any, ...]]:
        return partial(type(self), url=self.url, status=self.status, retry_after=self.retry_after), self.args
