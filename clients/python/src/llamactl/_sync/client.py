# Generated from _async/ by `npm run generate`.
"""The client of a llamactl server."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

import httpx

from .._address import DEFAULT_URL, address_of
from .._options import (
    DEFAULT_RETRIES,
    DEFAULT_TIMEOUT,
    Answer,
    OnInterruption,
    OnOpen,
    Options,
    QueryValue,
    Request,
    checked_timeout,
)
from .._options import Token
from .._unset import UNSET, Unset, changed
from ..chat import ChatChunk
from ..models import AuditRow, EventType, Frame, LogItem, LogLevel
from .audit_stream import stream_audit
from .chat_stream import stream_chat
from .connections import Connections
from .event_stream import stream_events
from .log_stream import follow_log
from .operations import Operations
from .stream import Stream, stream_of
from .timing import Timing
from .transport import Transport


class Client(Operations):
    """A client of one llamactl server. Each method is the operation of the API with the same name, in snake_case.

    Every method raises a `LlamactlError` if the server answers with an error, a `ConnectionError` if the server cannot
    be reached, and a `ProtocolError` if another program answers.

    Args:
        url: Address of the server, including its `base_path` if it has one. The client removes `/api` at its end; if
            the `base_path` ends with `/api`, write it twice: `https://example.org/api/api`.
        token: The token of a log-in, a key, or a function that returns one. A function is called before every request,
            and once more if the server refuses its token.
        timeout: Timeout in seconds for one attempt of a request, or until a stream begins. `None`: no timeout. It does
            not apply to calls with `wait` or to answers of a model.
        retries: Most retries of a request. The client retries only if that cannot do something twice.
        headers: Sent with every request.
        ssl_context: Which certificates to trust for HTTPS. Default: the authorities of the package certifi.

    Raises:
        ValueError: `url` is not an address, or `timeout` is not positive.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        token: Token | None = None,
        timeout: float | None = DEFAULT_TIMEOUT,
        retries: int = DEFAULT_RETRIES,
        headers: Mapping[str, str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        _timing: Timing | None = None,
    ) -> None:
        address = address_of(url)
        context = None
        if address.startswith("https:"):
            # One context for all connections, including those of events.
            context = ssl_context or httpx.create_ssl_context()
        options = Options(address, checked_timeout(timeout), retries, dict(headers or {}), context)
        self._transport = Transport(options, token, _timing or Timing(), Connections.of(options))

    @property
    def url(self) -> str:
        """The address of the server, without a slash at its end."""
        return self._transport.options.address

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections. Calls and streams that wait end with a `ClosedError`."""
        self._transport.connections.close()

    def with_options(self, *, timeout: float | Unset | None = UNSET, retries: int | Unset = UNSET) -> Client:
        """Return a client with another timeout or other retries, over the same connections.

        Options that are left out stay the same. Closing the new client ends only its own streams. The original client
        closes the connections.
        """
        transport = self._transport
        options = replace(transport.options, **changed(timeout=timeout, retries=retries))
        checked_timeout(options.timeout)
        client = Client.__new__(Client)
        client._transport = Transport(options, transport.source, transport.timing, transport.connections.lent())
        return client

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, QueryValue] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send any request with a JSON answer, and return status, headers and body.

        Use it for an `ETag`, and for paths without a method. A POST under `/v1`, such as a request to a model, has no
        timeout.

        Args:
            path: The encoded path after the server's address: `/v1/models`.
        """
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        is_patient = method.upper() == "POST" and path.startswith("/v1/")
        return self._transport.json(
            Request(method.upper(), path, query=dict(query or {}), body=body, headers=lower, is_patient=is_patient)
        )

    def export_fleet_yaml(self) -> str:
        """Return all instances as a document for `apply_fleet`, as YAML text."""
        return self._transport.text(Request("GET", "/api/export", headers={"accept": "application/yaml"}))

    def follow_logs(
        self,
        name: str,
        *,
        lines: int | None = None,
        level: LogLevel | None = None,
        after_seq: int | None = None,
        on_open: OnOpen = None,
        on_interruption: OnInterruption = None,
    ) -> Stream[LogItem]:
        """Yield the log of an instance: the last lines, then new ones.

        The stream resumes after lost connections and restarts of the server, without missing or repeated lines. Lines
        that are no longer kept appear as a `LogGap`. The stream ends when the instance is deleted.

        Args:
            lines: How many existing lines to start with. Default 100.
            level: Lines of this level and above.
            after_seq: Start after this line, instead of with the last `lines`.
            on_open: Called for the first and every later connection, before anything comes over it.
            on_interruption: Called whenever the connection is lost.
        """
        transport = self._transport.part()
        return stream_of(
            follow_log(
                transport,
                name,
                lines=lines,
                level=level,
                after_seq=after_seq,
                on_open=on_open,
                on_interruption=on_interruption,
            ),
            transport.connections,
        )

    def events(
        self,
        *,
        instances: Iterable[str] | None = None,
        types: Iterable[EventType] | None = None,
        after_seq: int | None = None,
        on_open: OnOpen = None,
        on_interruption: OnInterruption = None,
    ) -> Stream[Frame]:
        """Yield events as they happen. The stream resumes after lost connections, without missing or repeated events.

        Events that are no longer kept appear as a `GapEvent`: request the current state then.

        Args:
            instances: Names, ignoring case, also of future instances. Alerts of the whole system come in any case.
                Default all.
            types: Types of events. Default all but those that have to be named, such as `decision`.
            after_seq: Start with the events after this one; 0: with all kept events. Default: only new events.
            on_open: Called for the first and every later connection. From then on, nothing is missed.
            on_interruption: Called whenever the connection is lost.
        """
        transport = self._transport.part()
        return stream_of(
            stream_events(
                transport,
                instances=instances,
                types=types,
                after_seq=after_seq,
                on_open=on_open,
                on_interruption=on_interruption,
            ),
            transport.connections,
        )

    def chat(self, model: str, messages: Sequence[Mapping[str, Any]], **more: Any) -> Stream[ChatChunk]:
        """Yield the answer of a model in chunks. The request is sent when the first chunk is read.

        Leaving the loop also ends the answer at the engine. For one complete answer, use
        `request("POST", "/v1/chat/completions", body=…)`.

        Args:
            model: Name or alias of the instance.
            messages: The conversation, in OpenAI's format: `{"role": "user", "content": "Hello"}`.
            more: Other fields that the engine supports: `max_tokens`, `temperature`, `tools` …

        Raises:
            ValueError: `stream` is given and not `True`.
        """
        if more.get("stream", True) is not True:
            raise ValueError(
                '`chat` gives an answer in pieces. Whole: `request("POST", "/v1/chat/completions", body=…)`.'
            )
        transport = self._transport.part()
        body = {**more, "model": model, "messages": list(messages)}
        return stream_of(stream_chat(transport, body), transport.connections)

    def stream_audit(
        self,
        *,
        limit: int | None = None,
        before_seq: int | None = None,
        subject: str | None = None,
        action: str | None = None,
        target: str | None = None,
    ) -> Stream[AuditRow]:
        """Yield the whole audit trail, newest row first. `get_audit` returns one page of it."""
        transport = self._transport.part()
        return stream_of(
            stream_audit(
                transport,
                {"limit": limit, "before_seq": before_seq, "subject": subject, "action": action, "target": target},
            ),
            transport.connections,
        )
