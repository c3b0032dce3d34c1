"""Answers that come a piece at a time: those of a model, and the audit trail."""

from __future__ import annotations

import json
from functools import partial
from itertools import islice
from typing import Any

import pytest
from bench import Reply, answer, events, payload, raised, refusal
from conftest import Scripted

from llamactl._server_sent_events import EventParser

DONE = b"data: [DONE]\n\n"
QUESTION: dict[str, Any] = {"model": "a", "messages": [{"role": "user", "content": "Hello"}]}


def chunk(text: str, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}}], **more}


def test_an_answer_comes_in_pieces(scripted: Scripted) -> None:
    last = {"usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}, "timings": {"predicted_n": 2}}
    server, bench = scripted(events(payload(chunk("Hel", id="x")), payload(chunk("lo"), last), DONE))
    chunks = list(bench.stream("chat", **QUESTION, max_tokens=5))
    assert [each.text for each in chunks] == ["Hel", "lo", ""]
    assert (chunks[0].id, chunks[0].choices[0].delta.content, chunks[0].usage) == ("x", "Hel", None)
    assert (chunks[2].usage.total_tokens, chunks[2].timings) == (3, {"predicted_n": 2})
    assert json.loads(server.requests[0].body) == {**QUESTION, "max_tokens": 5, "stream": True}
    assert server.targets == ["POST /v1/chat/completions"]


def test_an_answer_in_pieces_is_not_asked_for_whole(scripted: Scripted) -> None:
    server, bench = scripted(events(DONE))
    error = raised(lambda: bench.client.chat(**QUESTION, stream=False))
    assert isinstance(error, ValueError)
    assert "`chat` gives an answer in pieces" in str(error)
    assert list(bench.stream("chat", **QUESTION, stream=True)) == []
    assert len(server.requests) == 1


def test_an_answer_that_breaks_off_is_not_whole(scripted: Scripted) -> None:
    for reply in (events(payload(chunk("Hel"))), events(payload(chunk("Hel")), is_broken=True)):
        _, bench = scripted(reply)
        items = bench.stream("chat", **QUESTION)
        assert next(items).text == "Hel"
        assert type(raised(partial(next, items))).__name__ == "ConnectionError"


def test_an_error_before_an_answer_and_in_the_middle_of_it(scripted: Scripted) -> None:
    inner = {"error": {"message": "no more room", "type": "rate_limit_error"}}
    _, bench = scripted(
        answer({"error": {"message": "no such model", "code": "model_not_found"}}, 404), events(payload(inner))
    )
    before = raised(lambda: list(bench.stream("chat", **QUESTION)))
    assert (type(before).__name__, before.code) == ("NotFoundError", "model_not_found")
    inside = raised(lambda: list(bench.stream("chat", **QUESTION)))
    assert (type(inside).__name__, str(inside)) == ("RateLimitedError", "no more room")


def test_whoever_stops_reading_ends_it(scripted: Scripted) -> None:
    server, bench = scripted(events(payload(chunk("Hel")), is_silent=True))
    items = bench.stream("chat", **QUESTION)
    assert [each.text for each in islice(items, 1)] == ["Hel"]
    items.close()  # type: ignore[attr-defined]
    assert server.hung_up.wait(10)


def test_the_audit_trail_comes_row_by_row(scripted: Scripted) -> None:
    rows = (
        "".join(json.dumps({"seq": seq, "subject": "ü"}, ensure_ascii=False) + "\n" for seq in (3, 2, 1))
        .strip()
        .encode()
    )
    cut = rows.index("ü".encode()) + 1
    reply = Reply(200, {"content-type": "application/x-ndjson"}, pieces=[rows[:cut], rows[cut:]])
    server, bench = scripted(reply, refusal(403, "FORBIDDEN"))
    trail = list(bench.stream("stream_audit", subject="ü", limit=3))
    assert [(row.seq, row.subject) for row in trail] == [(3, "ü"), (2, "ü"), (1, "ü")]
    assert server.targets == ["GET /api/audit?limit=3&subject=%C3%BC"]
    assert server.requests[0].headers["accept"] == "application/x-ndjson"
    assert type(raised(lambda: list(bench.stream("stream_audit")))).__name__ == "ForbiddenError"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_events_are_read_out_of_any_pieces(size: int) -> None:
    text = "\ufeffdata: one\n\n: nothing\r\ndata:two\r\ndata:  three ü\r\n\r\nevent: x\rid: 1\rdata\r\rdata: cut"
    content = text.encode()
    parser = EventParser()
    found = [data for at in range(0, len(content), size) for data in parser.push(content[at : at + size])]
    assert found == ["one", "two\n three ü", ""]
