# Generated from _async/ by `npm run generate`.
"""The answer of a model in chunks."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from typing import Any

from .._answers import error_in, told_object
from .._options import Request
from .._server_sent_events import EventParser
from ..chat import ChatChunk
from ..errors import ConnectionError
from .transport import Transport

_PATH = "/v1/chat/completions"


def stream_chat(transport: Transport, body: Mapping[str, Any]) -> Generator[ChatChunk, None, None]:
    """Yield the chunks of an answer. Leaving the loop also ends the answer at the engine."""
    request = Request(
        "POST", _PATH, body={**body, "stream": True}, headers={"accept": "text/event-stream"}, is_patient=True
    )
    url = transport.options.address + _PATH
    parser = EventParser()
    with closing(transport.pieces(request, "text/event-stream")) as pieces:
        for piece in pieces:
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
