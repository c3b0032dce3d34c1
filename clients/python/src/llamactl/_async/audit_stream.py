"""The audit trail as a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from .._answers import told_object
from .._options import QueryValue, Request
from ..models import AuditRow
from .transport import Transport

_NDJSON = "application/x-ndjson"


async def stream_audit(transport: Transport, query: dict[str, QueryValue]) -> AsyncGenerator[AuditRow, None]:
    """Yield all rows, newest first. Only one chunk of the answer is in memory at a time."""
    request = Request(
        "GET",
        "/api/audit",
        query=query,
        headers={"accept": _NDJSON},
        is_patient=True,
        silence=transport.options.timeout,
    )
    url = f"{transport.options.address}/api/audit"
    rest = b""
    async with aclosing(transport.pieces(request, _NDJSON)) as pieces:
        async for piece in pieces:
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield AuditRow(told_object(line.decode("utf-8", "replace"), url, "row"))
    if rest:
        yield AuditRow(told_object(rest.decode("utf-8", "replace"), url, "row"))
