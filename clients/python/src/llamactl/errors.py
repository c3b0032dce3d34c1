"""What goes wrong, as exceptions."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .models import Problem


class Error(Exception):
    """Whatever this library raises when a request fails."""


class ClosedError(Error):
    """The client was closed: before, or while this was waited for."""

    def __init__(self, message: str = "The client was closed.") -> None:
        super().__init__(message)


class LlamactlError(Error):
    """An error that llamactl answered. Its text is llamactl's own sentence, and what else is wrong with the request."""

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
        """HTTP status; of an error in the middle of a stream, the one that it would have had."""
        self.code = code
        """Stable, for a program: a `models.ErrorCode` under `/api`; engines and `/v1` have more."""
        self.details = details
        """More about it; may be empty."""
        self.request_id = request_id
        """By which the request is found in the server's log."""
        self.problems = list(problems)
        """Every problem of the request, where it can be told which part is at fault."""
        self.reason = reason
        """Why an engine did not start, with the code `START_FAILED`."""
        self.retry_after = retry_after
        """Seconds after which the same request may succeed; `None`: nothing was said of it."""

    def __str__(self) -> str:
        problems = [each.to_dict() for each in self.problems]
        # One that stands alone is often the message itself.
        others = [each for each in problems if each.get("message", "") not in self.message]
        return "; ".join([self.message, *(f"{each.get('path')}: {each['message']}" for each in others)])

    def __reduce__(self) -> tuple[Callable[..., LlamactlError], tuple[str]]:
        facts = {name: value for name, value in vars(self).items() if name != "message"}
        return partial(type(self), **facts), (self.message,)


class ValidationError(LlamactlError):
    """400: the request breaks a rule; `problems` lists them all."""


class UnauthorizedError(LlamactlError):
    """401: credentials are missing, wrong, or not valid any more."""


class ForbiddenError(LlamactlError):
    """403: this caller, host or origin may not do that."""


class NotFoundError(LlamactlError):
    """404: there is no such instance, account, key or path."""


class ConflictError(LlamactlError):
    """409: it cannot be done in the present state; the code says what stands in the way."""


class PreconditionFailedError(LlamactlError):
    """412: somebody else changed the instance since its `ETag` was read."""


class RateLimitedError(LlamactlError):
    """429: too many requests; `retry_after` says when the next one is taken."""


class ServerError(LlamactlError):
    """5xx: a fault of the server, an engine that did not start (`START_FAILED`), or a server that starts or stops."""


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
    """The error of the class that its status has."""
    cls = _CLASSES.get(status, ServerError if status >= 500 else LlamactlError)
    return cls(message, status=status, **facts)


class ConnectionError(Error, builtins.ConnectionError):
    """No answer came, or it broke off. `__cause__` is what the platform said. Also the `ConnectionError` of Python."""

    def __init__(self, message: str, *, url: str, is_unsent: bool = False) -> None:
        super().__init__(message)
        self.url = url
        """Of the request."""
        self.is_unsent = is_unsent
        """It is certain that the server has seen nothing of the request."""

    def __reduce__(self) -> tuple[Callable[..., ConnectionError], tuple[Any, ...]]:
        return partial(type(self), url=self.url, is_unsent=self.is_unsent), self.args


class TimeoutError(ConnectionError, builtins.TimeoutError):
    """No answer came in time. The server may have done what was asked."""


class ProtocolError(Error):
    """What answered, or a message of it, is not llamactl's: the page of a proxy, a redirection, another program."""

    def __init__(self, message: str, *, url: str, status: int | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.url = url
        self.status = status
        """HTTP status of the answer; `None` where it had none."""
        self.retry_after = retry_after
        """Seconds after which the same request may succeed; `None`: nothing was said of it."""

    def __reduce__(self) -> tuple[Callable[..., ProtocolError], tuple[Any, ...]]:
        return partial(type(self), url=self.url, status=self.status, retry_after=self.retry_after), self.args
