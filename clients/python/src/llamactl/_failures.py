"""Conversion of errors of the platform to exceptions whose messages say what would work."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

import httpx

from ._address import origin_of
from .errors import ConnectionError, ProtocolError, TimeoutError

_REFUSED = "nothing listens there. Start the server with `llamactl up`, or give the address of another."
LOST = "the connection was lost. Was the server stopped?"
_MEANINGS = {
    errno.ECONNREFUSED: _REFUSED,
    errno.EHOSTUNREACH: "there is no way to that host from here.",
    errno.ENETUNREACH: "there is no way to that host from here.",
    errno.ETIMEDOUT: "the host does not answer. Is it on, and does a firewall let the port through?",
    errno.ECONNRESET: LOST,
    errno.EPIPE: LOST,
}


def http_failure(url: str, error: httpx.HTTPError, timeout: float | None) -> ConnectionError | ProtocolError:
    """Convert an error of `httpx`.

    Args:
        timeout: Timeout of the request in seconds.
    """
    origin = origin_of(url)
    is_unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    if isinstance(error, httpx.ConnectTimeout):
        return TimeoutError(f"No answer from {origin}: {_MEANINGS[errno.ETIMEDOUT]}", url=url, is_unsent=True)
    if isinstance(error, httpx.TimeoutException):
        return late(url, timeout, is_unsent=is_unsent)
    if isinstance(error, httpx.DecodingError):
        return ProtocolError(f"What {origin} answered cannot be decoded: {error}", url=url)
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error) and "closed" not in str(error):
        said = "what listens there does not speak HTTP, or wants https://."
        return ConnectionError(f"No answer from {origin}: {said}", url=url)
    return ConnectionError(f"No answer from {origin}: {meaning_of(error)}", url=url, is_unsent=is_unsent)


def late(url: str, timeout: float | None, *, is_unsent: bool = False) -> TimeoutError:
    """Return the error for a request that exceeds its timeout."""
    within = "in time" if timeout is None else f"within {timeout:g} s"
    return TimeoutError(f"{origin_of(url)} did not answer {within}.", url=url, is_unsent=is_unsent)


def meaning_of(error: BaseException) -> str:
    """Explain an error of the platform, by the first of its causes that is known."""
    said = str(error)
    for each in _with_causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted here ({each.verify_message}). Give the client an `ssl_context`."
        if isinstance(each, ssl.SSLError):
            return "what listens there does not speak HTTPS; try http://."
        if isinstance(each, socket.gaierror):
            return "the name of the host is not known. Is it spelled right?"
        if isinstance(each, OSError) and each.errno in _MEANINGS:
            return _MEANINGS[each.errno]
        said = said or str(each)
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return LOST
    return f"the connection failed ({said or type(error).__name__})."


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes. A host name with several addresses fails once for each address."""
    if error is None:
        return
    yield error
    # An ExceptionGroup exists from Python 3.11 on.
    for each in getattr(error, "exceptions", ()):
        yield from _with_causes(each)
    yield from _with_causes(error.__cause__ or error.__context__)
