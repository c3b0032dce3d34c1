"""Rules for retries of requests and streams."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ConnectionError, LlamactlError, ProtocolError, TimeoutError

# Bound of the backoff before the first retry, in seconds. It doubles before each later one.
_FIRST_DELAY = 0.25
_LONGEST_DELAY = 10.0
# Longest `Retry-After`, in seconds, for which a request waits. If it is longer, the request fails at once.
_LONGEST_RETRY_AFTER = 60


def is_lasting(method: str, query: Mapping[str, str]) -> bool:
    """Whether a stopping server may have carried out a request.

    A command with `wait` goes on without its caller. Settings with `apply=restart` may already be stored.
    """
    return method.upper() != "GET" and (query.get("wait") == "true" or query.get("apply") == "restart")


def retry_delay(
    method: str, error: Exception, retries: int, limit: int, random: float, *, is_lasting: bool = False
) -> float | None:
    """Return the seconds until a failed request is retried; `None`: no retry.

    A request that may have changed something is never retried. Only reads are, and requests that certainly did nothing.

    Args:
        retries: Number of retries so far.
        limit: Most retries.
        random: At least 0, less than 1.
        is_lasting: The result of the function of this name.
    """
    if retries >= limit or not _may_repeat(error, method.upper() == "GET", is_lasting):
        return None
    asked = _retry_after_of(error)
    if asked > _LONGEST_RETRY_AFTER:
        return None
    return asked + _backoff(retries, random)


def _may_repeat(error: Exception, is_reading: bool, is_lasting: bool) -> bool:
    if isinstance(error, ConnectionError):
        return error.is_unsent or (is_reading and not isinstance(error, TimeoutError))
    if isinstance(error, LlamactlError) and error.status == 429:
        return True
    # Codes are in lower case under `/v1`.
    if isinstance(error, LlamactlError) and error.code.upper() == "SHUTTING_DOWN":
        return not is_lasting
    return is_reading and _is_away(error) and _retry_after_of(error) > 0


def resume_delay(error: Exception, failures: int, random: float) -> float:
    """Return the seconds until a broken stream is resumed: the server's `Retry-After`, if any, and a backoff.

    Args:
        failures: Number of failures since the last item arrived.
        random: At least 0, less than 1.
    """
    return _retry_after_of(error) + _backoff(failures, random)


def is_passing(error: Exception) -> bool:
    """Whether an error is temporary: the server is away or overloaded."""
    return (
        isinstance(error, ConnectionError)
        or _is_away(error)
        or (isinstance(error, LlamactlError) and error.status == 429)
    )


def _is_away(error: Exception) -> bool:
    return isinstance(error, LlamactlError | ProtocolError) and error.status in (502, 503, 504)


def _retry_after_of(error: Exception) -> int:
    if isinstance(error, LlamactlError | ProtocolError) and error.retry_after is not None:
        return error.retry_after
    return 0


def _backoff(failures: int, random: float) -> float:
    """A random delay below a bound that doubles, so that clients that lost their server do not return together."""
    return random * min(_FIRST_DELAY * 2.0 ** min(failures, 16), _LONGEST_DELAY)
