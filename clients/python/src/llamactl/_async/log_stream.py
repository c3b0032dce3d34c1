"""The log of an instance, as it grows."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from .._address import step
from .._answers import told_object
from .._log_place import LogPlace
from .._model import model_of
from .._options import OnInterruption, OnOpen, QueryValue, Request
from .._server_sent_events import EventParser
from ..errors import Error, LlamactlError
from ..models import Instance, LogEntry, LogItem, LogLevel, Logs
from .resumption import Resumption
from .transport import Transport

# Seconds of silence after which a connection is lost. The server sends something every 15 seconds.
_SILENCE = 60.0


async def follow_log(
    transport: Transport,
    name: str,
    *,
    lines: int | None,
    level: LogLevel | None,
    after_seq: int | None,
    on_open: OnOpen,
    on_interruption: OnInterruption,
) -> AsyncGenerator[LogItem, None]:
    """Yield the requested past lines, then new ones, until the instance is deleted."""
    path = f"/api/instances/{step(name)}"
    resumption = Resumption(transport, on_interruption)
    # Creation time of the followed instance, because another instance may get its name.
    born = await _birth_of(transport, path, None)
    place = LogPlace(after_seq or 0)
    if after_seq is None:
        past, last = await _past_of(transport, path, lines, level)
        if last is not None:
            place.take(last)
        for entry in past:
            yield entry
    is_first = True
    while True:
        try:
            # After the first connection, the resumption does the retries.
            retries = None if is_first else 0
            if not is_first and await _birth_of(transport, path, retries) != born:
                return
            request = Request(
                "GET",
                f"{path}/logs",
                query={"follow": True, "level": level, "after_seq": place.seq},
                headers={"accept": "text/event-stream"},
                is_patient=True,
                silence=_SILENCE,
                retries=retries,
            )
            parser = EventParser()
            is_open = False
            async with aclosing(transport.pieces(request, "text/event-stream")) as pieces:
                async for piece in pieces:
                    if not is_open and on_open is not None:
                        on_open()
                    is_open = True
                    for data in parser.push(piece):
                        item: LogItem = model_of(LogItem, told_object(data, f"{path}/logs", "line of a log"))
                        resumption.succeeded()
                        if place.take(item):
                            yield item
            await resumption.ended()
        except Error as error:
            if not is_first and isinstance(error, LlamactlError) and error.code == "INSTANCE_NOT_FOUND":
                return
            await resumption.failed(error)
        is_first = False


async def _birth_of(transport: Transport, path: str, retries: int | None) -> str:
    """Return the creation time of an instance."""
    answer = await transport.json(Request("GET", path, retries=retries))
    return Instance(answer.body).created_at


async def _past_of(
    transport: Transport, path: str, lines: int | None, level: LogLevel | None
) -> tuple[list[LogEntry], LogEntry | None]:
    """Return the existing lines to yield, and the last existing line, after which all lines are new."""
    # Newest line first: a line that arrives in between comes twice rather than not at all; its number shows it.
    newest = await _ask(transport, path, {"lines": 1}) if lines == 0 or level is not None else []
    entries = [] if lines == 0 else await _ask(transport, path, {"lines": lines, "level": level})
    last = [each[-1] for each in (newest, entries) if each]
    return entries, max(last, key=lambda entry: entry.seq, default=None)


async def _ask(transport: Transport, path: str, query: dict[str, QueryValue]) -> list[LogEntry]:
    answer = await transport.json(Request("GET", f"{path}/logs", query=query))
    return Logs(answer.body).logs
