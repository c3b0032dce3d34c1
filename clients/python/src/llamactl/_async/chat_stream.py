"""The answer of a model in chunks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from .._answers import error_in, told_object
from .._options import Request
from .._server_sent_events import EventParser
from ..chat import ChatChunk
from ..errors import ConnectionError
from .transport import Transport

_PATH = "/v1/chat/completions"


async def stream_chat(transport: Transport, body: Mapping[str, Any]) -> AsyncGenerator[ChatChunk, None]:
    """Yield the chunks of an answer. Leaving the loop also ends the answer at the engine."""
    request = Request(
        "POST", _PATH, body={**body, "stream": True}, headers={"accept": "text/event-stream"}, is_patient=True
    )
    url = transport.options.address + _PATH
    parser = EventParser()
    async with aclosing(transport.pieces(request, "text/event-stream")) as pieces:
        async for piece in pieces:
            for data in parser.push(piece):
                if data == "[DONE]":
                    return
                chunk = told_object(data, url, "piece of an answer")
                error = error_in(chunk, None, request_id=None) if "error" in chunk else None
                if error is not None:
                    raise error
                yield ChatChunk({"choices": [], **chunk})
    raise ConnectionError(
        f"The answer of {body.get('model')} ended before it was whole: its engine may have ended.", url=url
    )
