"""Sends requests to one server."""

from __future__ import annotations

import inspect  # async only
import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import httpx

from .._address import query_of, target_of
from .._answers import answer_error, value_of
from .._failures import http_failure, late
from .._model import Model
from .._options import Answer, Options, Request
from .._options import AsyncToken as Token
from .._retry import is_lasting, retry_delay
from .._version import __version__
from ..errors import Error, LlamactlError, ProtocolError, UnauthorizedError
from .connections import Connections
from .timing import Timing

# Wrong credentials there are not those of the caller.
_LOGIN = "/api/auth/login"
# Seconds until there is a connection.
_CONNECT = 10.0


class Transport:
    """One server, and the connections to it."""

    def __init__(self, options: Options, source: Token | None, timing: Timing, connections: Connections) -> None:
        self.options = options
        # A token, or what gives one.
        self.source = source
        self.timing = timing
        self.connections = connections

    def part(self) -> Transport:
        """The same server, by connections of its own: for one stream."""
        return Transport(self.options, self.source, self.timing, self.connections.part())

    async def sleep(self, seconds: float) -> None:
        """For no longer than until its connections are closed."""
        await self.timing.sleep(seconds, self.connections.over)

    @property
    def is_token_asked(self) -> bool:
        """Whether who has been refused may come back with another token."""
        return callable(self.source)

    async def token(self) -> str | None:
        """The token of this moment; `None`: there is none."""
        given = self.source() if callable(self.source) else self.source
        if inspect.isawaitable(given):  # async only
            given = await given  # async only
        token = (given or "").strip()
        if not token:
            return None
        # Platforms refuse it too, and show it.
        if not re.fullmatch("[!-~]+", token):
            raise ValueError("The token holds characters that no token has; it is given without `Bearer`.")
        return token

    async def headers(self) -> dict[str, str]:
        """What goes with every request."""
        # Of several that differ in nothing but case the last one counts.
        headers = {"user-agent": f"llamactl-client/{__version__}"}
        headers.update({name.lower(): value for name, value in self.options.headers.items()})
        if "authorization" not in headers:
            token = await self.token()
            if token is not None:
                headers["authorization"] = f"Bearer {token}"
        return headers

    async def json(self, request: Request) -> Answer:
        """An answer that is JSON."""
        response, text = await self._read(request)
        return Answer(response.status_code, response.headers, value_of(text, str(response.url), response.status_code))

    async def text(self, request: Request) -> str:
        """The body of an answer as it is."""
        _, text = await self._read(request)
        return text

    async def _read(self, request: Request) -> tuple[httpx.Response, str]:
        retries = 0
        is_fresh = not self.is_token_asked
        while True:
            try:
                response = await self._send(request)
                try:
                    return response, (await self._body(response, request)).decode("utf-8", "replace")
                finally:
                    await response.aclose()
            except Error as error:
                is_fresh, retries, delay = self._next(request, error, is_fresh, retries)
                if delay is None:
                    raise
            if delay > 0:
                await self.sleep(delay)

    async def open(self, request: Request) -> httpx.Response:
        """An answer whose body is still to come; it has to be closed."""
        retries = 0
        is_fresh = not self.is_token_asked
        while True:
            try:
                return await self._send(request)
            except Error as error:
                is_fresh, retries, delay = self._next(request, error, is_fresh, retries)
                if delay is None:
                    raise
            if delay > 0:
                await self.sleep(delay)

    async def pieces(self, request: Request, media_type: str) -> AsyncGenerator[bytes, None]:
        """The body of an answer in the pieces in which it comes. Whoever stops reading hangs up.

        Begins with an empty piece when the answer has begun.
        """
        response = await self.open(request)
        url = str(response.url)
        try:
            told = response.headers.get("content-type", "nothing")
            if not told.startswith(media_type):
                raise ProtocolError(f"{url} answered {told} instead of {media_type}.", url=url)
            yield b""
            try:
                async for piece in response.aiter_bytes():
                    yield piece
            except httpx.HTTPError as error:
                self.connections.check()
                raise http_failure(url, error, request.silence) from error
            # Some answers end with their connection.
            self.connections.check()
        finally:
            await response.aclose()

    def _next(self, request: Request, error: Error, is_fresh: bool, retries: int) -> tuple[bool, int, float | None]:
        """What follows a failure: whether the token is a fresh one, the number of the retry, and seconds until it."""
        if isinstance(error, UnauthorizedError) and not is_fresh and request.path != _LOGIN:
            return True, retries, 0.0
        limit = self.options.retries if request.retries is None else request.retries
        lasts = is_lasting(request.method, query_of(target_of(request.path, request.query)))
        delay = retry_delay(request.method, error, retries, limit, self.timing.random(), is_lasting=lasts)
        return is_fresh, retries + 1, delay

    async def _send(self, request: Request) -> httpx.Response:
        if not request.path.startswith("/"):
            raise ValueError(f"{request.path!r} is no path: it must begin with a slash.")
        url = self.options.address + target_of(request.path, request.query)
        timeout = request.silence if request.is_patient else self.options.timeout
        headers = await self.headers()
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
            response = await http.send(
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
            # What `httpx` says of a client that was closed in this moment.
            self.connections.check()
            raise
        if response.is_success or response.status_code in request.other_statuses:
            return response
        try:
            raise await self._refusal(response, request)
        finally:
            await response.aclose()

    async def _refusal(self, response: httpx.Response, request: Request) -> LlamactlError | ProtocolError:
        """What an answer carries that is an error."""
        url = str(response.url)
        # llamactl leads nobody elsewhere; followed, a POST would become a GET.
        if response.status_code < 400:
            location = response.headers.get("location")
            where = "elsewhere" if location is None else f"to {response.url.join(location)}"
            message = f"{url} leads {where}; give the client that address."
            return ProtocolError(message, url=url, status=response.status_code)
        text = (await self._body(response, request)).decode("utf-8", "replace")
        return answer_error(url, response.status_code, response.headers, text)

    async def _body(self, response: httpx.Response, request: Request) -> bytes:
        """All of it, within the time that a try may take."""
        url = str(response.url)
        timeout = None if request.is_patient else self.options.timeout
        end = None if timeout is None else self.timing.now() + timeout
        body = bytearray()
        try:
            async for piece in response.aiter_bytes():
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
    # Only a dict and a list are JSON by themselves.
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
