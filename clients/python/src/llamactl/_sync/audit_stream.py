# Generated from _async/ by `npm run generate`.
"""The audit trail as a stream."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from .._answers import told_object
from .._options import QueryValue, Request
from ..models import AuditRow
from .transport import Transport

_NDJSON = "application/x-ndjson"


def stream_audit(transport: Transport, query: dict[str, QueryValue]) -> Generator[AuditRow, None, None]:
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
    with closing(transport.pieces(request, _NDJSON)) as pieces:
        for piece in pieces:
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield AuditRow(told_object(line.decode("utf-8", "replace"), url, "row"))
    if rest:
        yield AuditRow(told_object(rest.decode("utf-8", "replace"), url, "row"))
