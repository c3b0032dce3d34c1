# Generated from _async/ by `npm run generate`.
"""The transport, which sends requests to one server."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import httpx

from .._address import query_of, target_of
from .._answers import answer_error, value_of
from .._failures import http_failure, late
from .._model import Model
from .._options import Answer, Options, Request
from .._options import Token
from .._retry import is_lasting, retry_delay
from .._version import __version__
from ..errors import Error, LlamactlError, ProtocolError, UnauthorizedError
from .connections import Connections
from .timing import Timing

# A 401 of this path is about the credentials in the body, not about the token.
_LOGIN = "/api/auth/login"
# Timeout of connecting, in seconds.
_CONNECT = 10.0


class Transport:
    """One server, and the connections to it."""

    def __init__(self, options: Options, source: Token | None, timing: Timing, connections: Connections) -> None:
        self.options = options
        # A token, or a function that returns one.
        self.source = source
        self.timing = timing
        self.connections = connections

    def part(self) -> Transport:
        """Return a transport to the same server with its own connections, for one stream."""
        return Transport(self.options, self.source, self.timing, self.connections.part())

    def sleep(self, seconds: float) -> None:
        """Sleep, but not longer than until the connections are closed."""
        self.timing.sleep(seconds, self.connections.over)

    @property
    def is_token_asked(self) -> bool:
        """Whether a function returns the tokens, so that a refused request can be retried with another token."""
        return callable(self.source)

    def token(self) -> str | None:
        """Return the current token; `None`: no token."""
        given = self.source() if callable(self.source) else self.source
        token = (given or "").strip()
        if not token:
            return None
        # Platforms refuse it too, but their error shows the token.
        if not re.fullmatch("[!-~]+", token):
            raise ValueError("The token holds characters that no token has; it is given without `Bearer`.")
        return token

    def headers(self) -> dict[str, str]:
        """Return the headers of a request."""
        # If headers differ only in case, the last one counts.
        headers = {"user-agent": f"llamactl-client/{__version__}"}
        headers.update({name.lower(): value for name, value in self.options.headers.items()})
        if "authorization" not in headers:
            token = self.token()
            if token is not None:
                headers["authorization"] = f"Bearer {token}"
        return headers

    def json(self, request: Request) -> Answer:
        """Send a request and return its JSON answer."""
        response, text = self._read(request)
        return Answer(response.status_code, response.headers, value_of(text, str(response.url), response.status_code))

    def text(self, request: Request) -> str:
        """Send a request and return the body of its answer as text."""
        _, text = self._read(request)
        return text

    def _read(self, request: Request) -> tuple[httpx.Response, str]:
        retries = 0
        is_fresh = not self.is_token_asked
        while True:
            try:
                response = self._send(request)
                try:
                    return response, (self._body(response, request)).decode("utf-8", "replace")
                finally:
                    response.close()
            except Error as error:
                is_fresh, retries, delay = self._next(request, error, is_fresh, retries)
                if delay is None:
                    raise
            if delay > 0:
                self.sleep(delay)

    def open(self, request: Request) -> httpx.Response:
        """Send a request and return its answer with an unread body. The caller must close it."""
        retries = 0
        is_fresh = not self.is_token_asked
        while True:
            try:
                return self._send(request)
            except Error as error:
                is_fresh, retries, delay = self._next(request, error, is_fresh, retries)
                if delay is None:
                    raise
            if delay > 0:
                self.sleep(delay)

    def pieces(self, request: Request, media_type: str) -> Generator[bytes, None, None]:
        """Yield the body of an answer in chunks. Leaving the loop closes the connection.

        The first chunk is empty and means that the answer has begun.
        """
        response = self.open(request)
        url = str(response.url)
        try:
            content_type = response.headers.get("content-type", "nothing")
            if not content_type.startswith(media_type):
                raise ProtocolError(f"{url} answered {content_type} instead of {media_type}.", url=url)
            yield b""
            try:
                for piece in response.iter_bytes():
                    yield piece
            except httpx.HTTPError as error:
                self.connections.check()
                raise http_failure(url, error, request.silence) from error
            # The end of the connection can end an answer.
            self.connections.check()
        finally:
            response.close()

    def _next(self, request: Request, error: Error, is_fresh: bool, retries: int) -> tuple[bool, int, float | None]:
        """Return what follows a failure: is the token fresh, number of the retry, and its delay in seconds."""
        if isinstance(error, UnauthorizedError) and not is_fresh and request.path != _LOGIN:
            return True, retries, 0.0
        limit = self.options.retries if request.retries is None else request.retries
        lasts = is_lasting(request.method, query_of(target_of(request.path, request.query)))
        delay = retry_delay(request.method, error, retries, limit, self.timing.random(), is_lasting=lasts)
        return is_fresh, retries + 1, delay

    def _send(self, request: Request) -> httpx.Response:
        if not request.path.startswith("/"):
            raise ValueError(f"{request.path!r} is no path: it must begin with a slash.")
        url = self.options.address + target_of(request.path, request.query)
        timeout = request.silence if request.is_patient else self.options.timeout
        headers = self.headers()
        headers.setdefault("accept", "application/json")
        headers.update(request.headers)
        content = request.text
        if content is not None:
            headers["content-type"] = "application/yaml"
        elif request.body is not None:
            content = json.dumps(request.body, default=_plain, allow_nan=False)
            headers["content-type"] = "application/json"
        connect = _CONNECT if self.options.timeout is None else min(self.options.timeout, _CONNECT)
        self.connections.check()
        http = self.connections.http
        try:
            response = http.send(
                http.build_request(
                    request.method,
                    url,
                    headers=headers,
                    content=content,
                    timeout=httpx.Timeout(timeout, connect=connect, pool=None),
                    extensions=self.connections.extensions,
                ),
                stream=True,
                follow_redirects=False,
            )
        except httpx.HTTPError as error:
            self.connections.check()
            raise http_failure(url, error, timeout) from error
        except RuntimeError:
            # `httpx` raises this for a client that is closed at this moment.
            self.connections.check()
            raise
        if response.is_success or response.status_code in request.other_statuses:
            return response
        try:
            raise self._refusal(response, request)
        finally:
            response.close()

    def _refusal(self, response: httpx.Response, request: Request) -> LlamactlError | ProtocolError:
        """Return the error in an answer."""
        url = str(response.url)
        # llamactl never redirects. If the client followed a redirect, a POST would become a GET.
        if response.status_code < 400:
            location = response.headers.get("location")
            where = "elsewhere" if location is None else f"to {response.url.join(location)}"
            message = f"{url} leads {where}; give the client that address."
            return ProtocolError(message, url=url, status=response.status_code)
        text = (self._body(response, request)).decode("utf-8", "replace")
        return answer_error(url, response.status_code, response.headers, text)

    def _body(self, response: httpx.Response, request: Request) -> bytes:
        """Read the whole body within the timeout."""
        url = str(response.url)
        timeout = None if request.is_patient else self.options.timeout
        end = None if timeout is None else self.timing.now() + timeout
        body = bytearray()
        try:
            for piece in response.iter_bytes():
                body += piece
                if end is not None and self.timing.now() > end:
                    raise late(url, timeout)
        except httpx.HTTPError as error:
            self.connections.check()
            raise http_failure(url, error, timeout) from error
        self.connections.check()
        return bytes(body)


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_dict()
    # Only dictionaries and lists are JSON without a conversion.
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
