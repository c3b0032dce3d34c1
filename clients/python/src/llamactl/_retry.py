"""When something that failed is tried again."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ConnectionError, LlamactlError, ProtocolError, TimeoutError

# Before the first retry; doubled before each that follows. Seconds, as all here.
_FIRST_DELAY = 0.25
_LONGEST_DELAY = 10.0
# Whoever is told to wait for longer is told so, instead of being kept waiting.
_LONGEST_RETRY_AFTER = 60


def is_lasting(method: str, query: Mapping[str, str]) -> bool:
    """Whether what a request asks for may be done although the answer is that the server stops.

    A command that waits for its outcome goes on without whoever waits, and settings that are to hold at once may be
    stored already.
    """
    return method.upper() != "GET" and (query.get("wait") == "true" or query.get("apply") == "restart")


def retry_delay(
    method: str, error: Exception, retries: int, limit: int, random: float, *, is_lasting: bool = False
) -> float | None:
    """Seconds until a request that failed is sent again; `None`: it is not.

    A request that may have done something already is never repeated: only those that read are, and those of which it is
    certain that nothing was done.

    Args:
        retries: How often it was tried again already.
        limit: How often it may be.
        random: At least 0, less than 1.
        is_lasting: As the function of this name says.
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
    # Under `/v1` codes are in small letters.
    if isinstance(error, LlamactlError) and error.code.upper() == "SHUTTING_DOWN":
        return not is_lasting
    return is_reading and _is_away(error) and _retry_after_of(error) > 0


def resume_delay(error: Exception, failures: int, random: float) -> float:
    """Seconds until a broken stream is resumed. A server that says when it will be back is believed.

    Args:
        failures: How often that failed since something came last.
        random: At least 0, less than 1.
    """
    return _retry_after_of(error) + _backoff(failures, random)


def is_passing(error: Exception) -> bool:
    """Whether an error is of the kind that passes: the server is away, or has too much to do."""
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
    """Anything up to the bound that doubles: clients that lost their server together do not come back together."""
    return random * min(_FIRST_DELAY * 2.0 ** min(failures, 16), _LONGEST_DELAY)
