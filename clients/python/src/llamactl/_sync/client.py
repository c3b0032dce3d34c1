# Generated from _async/ by `npm run generate`.
"""A llamactl server, as an object."""

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
    """A llamactl server. Each method is an operation of its API, of the same name in Python's spelling.

    Every method raises a `LlamactlError` when the server refuses, a `ConnectionError` when it is not there, and a
    `ProtocolError` when something else answers.

    Args:
        url: Of the server, with its `base_path` if it has one. `/api` at its end is taken for that of the API: of a
            server whose `base_path` ends so it is given twice, `https://example.org/api/api`.
        token: Of a login, or a key; or a function that gives one. A function is asked before every request, and once
            more when it gave a stale one.
        timeout: Seconds that one try of a request may take; of a stream, until it begins. `None`: for ever. Calls with
            `wait`, and answers of a model, are not bounded by it.
        retries: How often a request is sent again, if that cannot do twice what is asked.
        headers: Sent with every request.
        ssl_context: Whom to trust, for HTTPS. Default: the authorities of the package certifi.

    Raises:
        ValueError: `url` is no address, or `timeout` no time.
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
            # One for all connections, those of events among them.
            context = ssl_context or httpx.create_ssl_context()
        options = Options(address, checked_timeout(timeout), retries, dict(headers or {}), context)
        self._transport = Transport(options, token, _timing or Timing(), Connections.of(options))

    @property
    def url(self) -> str:
        """Where the server is, without a slash at its end."""
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
        """Closes its connections, which ends whoever waits for something of them with a `ClosedError`."""
        self._transport.connections.close()

    def with_options(self, *, timeout: float | Unset | None = UNSET, retries: int | Unset = UNSET) -> Client:
        """The same client with other bounds, over the same connections: for a call that may take longer, or shorter.

        What is left out stays as it is. They are closed by the client that it was made of; closing this one ends
        its own streams and no more.
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
        """Any request whose answer is JSON, with its status and headers: for an `ETag`, and for what has no method.

        Answers of a model, under `/v1`, may take as long as they take.

        Args:
            path: From the server's address on, encoded: `/v1/models`.
        """
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        is_patient = method.upper() == "POST" and path.startswith("/v1/")
        return self._transport.json(
            Request(method.upper(), path, query=dict(query or {}), body=body, headers=lower, is_patient=is_patient)
        )

    def export_fleet_yaml(self) -> str:
        """All instances as a document for `apply_fleet`, as text in YAML."""
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
        """The log of an instance, a line at a time: the last lines, then all that come.

        It goes on over lost connections and restarts of the server, with nothing missing and nothing twice. Lines that
        are gone are told as a `LogGap`. Ends when the instance is deleted.

        Args:
            lines: How many of those that are there already. Default 100.
            level: Lines of this level and above.
            after_seq: Everything after this line, instead of the last `lines`.
            on_open: Called each time that the connection stands, first and again, before anything comes over it.
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
        """What happens, as it happens, over lost connections and restarts of the server, each thing once.

        Events that are gone are told as a `GapEvent`: then ask for the present.

        Args:
            instances: Names, in any case, also of instances still to come. Alerts of the whole system are told all the
                same. Default all.
            types: Default all.
            after_seq: What was missed since this event comes first; 0: all that is kept. Default: from now on.
            on_open: Called each time that the connection stands, first and again: from then on nothing is missed.
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
        """The answer of a model, a piece at a time. Nothing is asked before that is read.

        Whoever stops reading ends it at the engine too. Whole, an answer is that of
        `request("POST", "/v1/chat/completions", body=…)`.

        Args:
            model: Name or alias of the instance.
            messages: The conversation, in OpenAI's form: `{"role": "user", "content": "Hello"}`.
            more: Whatever the engine knows beside it: `max_tokens`, `temperature`, `tools` …

        Raises:
            ValueError: `stream` is given, and not `True`.
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
        """The audit trail, newest row first: all of it, a row at a time, where `get_audit` gives a page."""
        transport = self._transport.part()
        return stream_of(
            stream_audit(
                transport,
                {"limit": limit, "before_seq": before_seq, "subject": subject, "action": action, "target": target},
            ),
            transport.connections,
        )
