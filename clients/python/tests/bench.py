"""Both clients behind one interface, and a scripted server: each test runs blocking and with asyncio."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from llamactl import AsyncClient, Client
from llamactl._async.connections import Connections as AsyncConnections
from llamactl._async.timing import Over
from llamactl._async.timing import Timing as AsyncTiming
from llamactl._sync.connections import Connections
from llamactl._sync.timing import Timing

MODES = ("blocking", "asyncio")


class HastyTiming(Timing):
    """Waits for nothing, and keeps for how long it should have; chance is always the same, time stands still."""

    def __init__(self, waits: list[float]) -> None:
        self._waits = waits
        self.step = 0.0
        """Seconds that pass whenever somebody looks at the clock."""
        self._now = 0.0

    def now(self) -> float:
        self._now += self.step
        return self._now

    def sleep(self, seconds: float, over: threading.Event) -> None:
        self._waits.append(seconds)

    def random(self) -> float:
        return 0.5


class HastyAsyncTiming(AsyncTiming):
    """The same for asyncio."""

    def __init__(self, waits: list[float]) -> None:
        self._waits = waits
        self.step = 0.0
        self._now = 0.0

    def now(self) -> float:
        self._now += self.step
        return self._now

    async def sleep(self, seconds: float, over: Over) -> None:
        self._waits.append(seconds)
        await asyncio.sleep(0)

    def random(self) -> float:
        return 0.5


class Bench:
    """One client, whichever it is."""

    def __init__(self, mode: str, url: str, *, is_hasty: bool = True, **options: Any) -> None:
        self.waits: list[float] = []
        self._loop = asyncio.new_event_loop() if mode == "asyncio" else None
        self.client: Any
        if self._loop is None:
            self.client = Client(url, _timing=HastyTiming(self.waits) if is_hasty else None, **options)
        else:
            self.client = AsyncClient(url, _timing=HastyAsyncTiming(self.waits) if is_hasty else None, **options)

    def call(self, method: str, *given: Any, **named: Any) -> Any:
        """What a method returns."""
        return self._wait(getattr(self.client, method)(*given, **named))

    def with_options(self, **options: Any) -> Bench:
        """The same for other bounds."""
        other = object.__new__(Bench)
        other.waits, other._loop, other.client = self.waits, self._loop, self.client.with_options(**options)
        return other

    def stream(self, method: str, *given: Any, **named: Any) -> Iterator[Any]:
        """What a method tells; closed with the generator."""
        items = getattr(self.client, method)(*given, **named)
        if self._loop is None:
            try:
                yield from items
            finally:
                items.close()
            return
        try:
            while True:
                try:
                    yield self._loop.run_until_complete(anext(items))
                except StopAsyncIteration:
                    return
        finally:
            self._loop.run_until_complete(items.aclose())

    def close(self) -> None:
        self.call("close")
        if self._loop is not None:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _wait(self, value: Any) -> Any:
        return value if self._loop is None else self._loop.run_until_complete(value)


@contextmanager
def opened(mode: str, url: str, **options: Any) -> Iterator[Bench]:
    """A client for as long as it is needed."""
    bench = Bench(mode, url, **options)
    try:
        yield bench
    finally:
        bench.close()


class Silence(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of an answer, of which nothing more comes in time."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
        raise httpx.ReadTimeout("")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.is_closed = True

    async def aclose(self) -> None:
        self.is_closed = True


def instead(bench: Bench, handler: Callable[[httpx.Request], httpx.Response]) -> None:
    """Answers what a client asks for without any connection."""
    transport = httpx.MockTransport(handler)
    bench.call("close")
    if isinstance(bench.client, Client):
        bench.client._transport.connections = Connections(lambda: httpx.Client(transport=transport))
    else:
        bench.client._transport.connections = AsyncConnections(lambda: httpx.AsyncClient(transport=transport))


@dataclass
class Sent:
    """A request, as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: str


@dataclass
class Reply:
    """What a request is answered with."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    """In pieces, where it is a stream: `pieces`."""
    pieces: list[bytes] | None = None
    is_broken: bool = False
    """The connection ends before the answer does; without pieces, before it has begun."""
    is_silent: bool = False
    """Nothing comes (any more), until the client is gone."""


def answer(body: Any, status: int = 200, **headers: str) -> Reply:
    """An answer in JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"content-type": "application/json", **named}, json.dumps(body))


def refusal(status: int, code: str, **headers: str) -> Reply:
    """An answer of llamactl's that is an error."""
    return answer({"error": f"about {code}", "code": code, "details": "", "request_id": "r-1"}, status, **headers)


def payload(*items: Any) -> bytes:
    """Events of a stream."""
    return "".join(f"id: 1\ndata: {json.dumps(item)}\n\n" for item in items).encode()


def events(*pieces: bytes, is_broken: bool = False, is_silent: bool = False) -> Reply:
    """A stream of events, piece by piece."""
    headers = {"content-type": "text/event-stream; charset=utf-8"}
    return Reply(200, headers, pieces=list(pieces), is_broken=is_broken, is_silent=is_silent)


class ScriptedServer:
    """Sends its replies in order, and records requests."""

    def __init__(self, *replies: Reply) -> None:
        self.requests: list[Sent] = []
        self.replies = list(replies)
        self.hung_up = threading.Event()
        """A client went away before its answer was whole."""
        self.fell_silent = threading.Event()
        """A client waits for what does not come."""
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:
                    # Who goes with something unread resets the connection.
                    scripted.hung_up.set()
                    self.close_connection = True

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self._answer
                raise AttributeError(name)

            def _answer(self) -> None:
                length = int(self.headers.get("content-length", "0"))
                headers = {name.lower(): value for name, value in self.headers.items()}
                scripted.requests.append(Sent(self.command, self.path, headers, self.rfile.read(length).decode()))
                reply = scripted.replies.pop(0) if scripted.replies else refusal(500, "NOTHING_LEFT")
                if reply.pieces is None and (reply.is_broken or reply.is_silent):
                    self._leave(reply)
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.pieces is None:
                    content = reply.body.encode()
                    self.send_header("content-length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                    return
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for piece in reply.pieces:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                if reply.is_broken or reply.is_silent:
                    self._leave(reply)
                else:
                    self.wfile.write(b"0\r\n\r\n")

            def _leave(self, reply: Reply) -> None:
                self.close_connection = True
                if reply.is_silent:
                    scripted.fell_silent.set()
                    self.connection.recv(1)
                    scripted.hung_up.set()
                self.connection.shutdown(socket.SHUT_RDWR)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def targets(self) -> list[str]:
        """What was asked for so far."""
        return [f"{sent.method} {sent.target}" for sent in self.requests]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def closed_port() -> Iterator[int]:
    """A port on which no process listens or can start to listen."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def raised(attempt: Callable[[], Any]) -> Any:
    """What something fails with."""
    try:
        attempt()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")
