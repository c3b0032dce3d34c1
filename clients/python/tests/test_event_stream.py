"""Events over a WebSocket: nothing lost, nothing twice, however the connection was lost."""

from __future__ import annotations

import http
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pytest
from bench import closed_port, opened, raised
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from llamactl import Interruption
from llamactl._async import event_stream as async_event_stream
from llamactl._event_place import EventPlace
from llamactl._sync import event_stream as sync_event_stream

Plan = Callable[[ServerConnection], None] | tuple[int, dict[str, Any]]


class SocketServer:
    """Does with each connection what was planned for it: a function, or a refusal."""

    def __init__(self, *plans: Plan) -> None:
        self.targets: list[str] = []
        self.tokens: list[str | None] = []
        self.greetings: list[Any] = []
        self._plans = list(plans)
        self._present: list[Plan] = []
        self._server = serve(self._talk, "127.0.0.1", 0, process_request=self._judge, compression=None)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def _judge(self, connection: ServerConnection, request: Request) -> Response | None:
        self.targets.append(request.path)
        self.tokens.append(request.headers.get("Authorization"))
        plan = self._plans.pop(0) if self._plans else (403, {"error": "over", "code": "FORBIDDEN"})
        self._present.append(plan)
        if not isinstance(plan, tuple):
            return None
        return connection.respond(http.HTTPStatus(plan[0]), json.dumps(plan[1]))

    def _talk(self, connection: ServerConnection) -> None:
        plan = self._present[-1]
        try:
            self.greetings.append(json.loads(connection.recv()))
            if not isinstance(plan, tuple):
                plan(connection)
        except ConnectionClosed:
            pass

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()


@contextmanager
def serving(*plans: Plan) -> Iterator[SocketServer]:
    server = SocketServer(*plans)
    try:
        yield server
    finally:
        server.close()


def event(seq: int, name: str = "a", at: int = 0, kind: str = "instance_created", **data: Any) -> dict[str, Any]:
    return {"type": kind, "timestamp": f"2026-03-01T12:00:{at:02}.000Z", "seq": seq, "data": {"name": name, **data}}


def gap(first: int, last: int, newest: int = 0) -> dict[str, Any]:
    data = {"from_seq": first, "to_seq": last, "last_seq": newest or last}
    return {"type": "gap", "timestamp": "2026-03-01T12:00:00.000Z", "seq": last, "data": data}


def tells(*frames: dict[str, Any], then: Callable[[ServerConnection], None] | None = None) -> Plan:
    """Frames, and what is done then; by default the connection is lost without a word."""

    def plan(connection: ServerConnection) -> None:
        for frame in frames:
            connection.send(json.dumps(frame))
        if then is None:
            connection.socket.shutdown(2)
        else:
            then(connection)

    return plan


def closes(code: int, reason: str = "") -> Callable[[ServerConnection], None]:
    return lambda connection: connection.close(code, reason)


def stays(connection: ServerConnection) -> None:
    """Open, until the client is gone."""
    connection.recv()


LIVE = event(99, at=59)


def seqs(frames: Any) -> list[int]:
    return [frame.seq for frame in frames]


def test_asks_for_what_is_wanted_and_tells_it(mode: str) -> None:
    sent = [event(5), event(6, kind="instance_status_changed", status="running"), event(7, "B"), event(8, "c")]
    with (
        serving(tells(*sent, then=stays)) as server,
        opened(mode, server.url, token="llk_1") as bench,
    ):
        stream = bench.stream("events", after_seq=0, instances=["A", "b"], types=["instance_created"])
        frames = list(islice(stream, 2))
        assert [(type(frame).__name__, frame.data.name) for frame in frames] == [
            ("InstanceCreatedEvent", "a"),
            ("InstanceCreatedEvent", "B"),
        ]
        stream.close()  # type: ignore[attr-defined]
        assert server.targets == ["/api/ws?after_seq=0"]
        assert server.tokens == ["Bearer llk_1"]
        assert server.greetings == [{"type": "subscribe", "instances": ["A", "b"], "types": ["instance_created"]}]


def test_a_lone_name_is_one(mode: str) -> None:
    with (
        serving(tells(event(5), event(6, "exact"), then=stays)) as server,
        opened(mode, server.url) as bench,
    ):
        stream = bench.stream("events", after_seq=0, instances="exact")
        assert next(stream).seq == 6
        stream.close()  # type: ignore[attr-defined]
        assert server.greetings == [{"type": "subscribe", "instances": ["exact"]}]


def test_an_ssl_context_is_for_https_alone(mode: str) -> None:
    context = ssl.create_default_context()
    with (
        serving(tells(event(5), then=stays)) as server,
        opened(mode, server.url, ssl_context=context) as bench,
    ):
        stream = bench.stream("events", after_seq=0)
        assert next(stream).seq == 5
        stream.close()  # type: ignore[attr-defined]


def test_is_resumed_where_it_was(mode: str) -> None:
    stats = {"type": "instance_stats_updated", "timestamp": "t", "seq": 6, "data": {"name": "a", "stats": {}}}
    seen: list[Any] = []
    with (
        serving(
            tells(event(5), event(6), stats),
            (503, {"error": "stops", "code": "SHUTTING_DOWN"}),
            tells(event(6), event(7), then=closes(1013)),
            tells(gap(8, 9), event(10), then=closes(1001)),
        ) as server,
        opened(mode, server.url) as bench,
    ):
        told_of = {"on_open": lambda: seen.append("open"), "on_interruption": seen.append}
        stream = bench.stream("events", after_seq=4, **told_of)
        frames = list(islice(stream, 6))
        # A stats frame repeats the last number; it comes in any case.
        assert seqs(frames) == [5, 6, 6, 7, 9, 10]
        assert type(raised(lambda: next(stream))).__name__ == "ForbiddenError"
        assert server.targets[:4] == [f"/api/ws?after_seq={seq}" for seq in (4, 6, 6, 7)]
    attempts = [each.attempt for each in seen if isinstance(each, Interruption)]
    assert (seen.count("open"), attempts) == (3, [1, 2, 1, 1])
    assert bench.waits == [0.125, 0.25, 0.125, 0.125]


def test_yields_decisions_which_repeat_the_last_number(mode: str) -> None:
    data = {
        "decision": "eviction",
        "instance": "a",
        "other": "b",
        "message": "is stopped for b",
        "inputs": {"idle_ms": 3},
    }
    decision = {"type": "decision", "timestamp": "t", "seq": 5, "data": data}
    with (
        serving(tells(event(5, "b"), decision, decision, then=stays)) as server,
        opened(mode, server.url) as bench,
    ):
        stream = bench.stream("events", instances=["b"], types=["decision"], after_seq=4)
        frames = [next(stream), next(stream)]
        assert [(each.seq, each.data.other, each.data.inputs) for each in frames] == [(5, "b", {"idle_ms": 3})] * 2
        stream.close()  # type: ignore[attr-defined]


def test_begins_now_and_misses_nothing_from_then_on(mode: str) -> None:
    with (
        serving(
            # Asked for what no event is: what there is already comes, and is not wanted. The clock of the server was
            # set back since: its times say nothing.
            tells(gap(2, 50, newest=52), event(51, at=50), event(52, at=51), event(53, at=40), then=closes(1012)),
            tells(event(54, at=41), then=stays),
        ) as server,
        opened(mode, server.url) as bench,
    ):
        stream = bench.stream("events")
        assert seqs(islice(stream, 2)) == [53, 54]
        stream.close()  # type: ignore[attr-defined]
        assert server.targets == ["/api/ws?after_seq=1", "/api/ws?after_seq=53"]


def test_of_a_server_without_any_events_all_are_new(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (async_event_stream, sync_event_stream):
        monkeypatch.setattr(module, "SETTLED", 0.01)
    settled = threading.Event()

    def silent(connection: ServerConnection) -> None:
        settled.wait(10)
        connection.socket.shutdown(2)

    def waited(place: Any) -> None:
        real(place)
        settled.set()

    real = EventPlace.waited
    monkeypatch.setattr(EventPlace, "waited", waited)
    with serving(silent, tells(event(5), then=stays)) as server, opened(mode, server.url) as bench:
        stream = bench.stream("events")
        assert next(stream).seq == 5
        stream.close()  # type: ignore[attr-defined]
        assert server.targets == ["/api/ws?after_seq=1", "/api/ws?after_seq=0"]


def test_no_event_is_missed_after_a_close_frame_of_a_server_without_any(mode: str) -> None:
    tokens = iter(["old", "new"])
    with (
        serving(tells(then=closes(4401, "over")), tells(event(5), then=stays)) as server,
        opened(mode, server.url, token=lambda: next(tokens)) as bench,
    ):
        stream = bench.stream("events")
        assert next(stream).seq == 5
        stream.close()  # type: ignore[attr-defined]
        assert server.targets == ["/api/ws?after_seq=1", "/api/ws?after_seq=0"]


def test_a_token_that_ends_is_replaced(mode: str) -> None:
    tokens = iter(["old", "stale", "new"])
    stale = (401, {"error": "over", "code": "TOKEN_EXPIRED"})
    with (
        serving(tells(event(5), then=closes(4401, "revoked")), stale, tells(event(6), then=stays)) as server,
        opened(mode, server.url, token=lambda: next(tokens)) as bench,
    ):
        stream = bench.stream("events", after_seq=0)
        assert seqs(islice(stream, 2)) == [5, 6]
        stream.close()  # type: ignore[attr-defined]
        assert server.tokens == ["Bearer old", "Bearer stale", "Bearer new"]


@pytest.mark.parametrize(
    ("plan", "name", "said"),
    [
        (tells(then=closes(4401)), "UnauthorizedError", "no longer valid"),
        (tells(then=closes(1008, "too much")), "ProtocolError", "too much"),
        (tells({"no": "event"}, then=stays), "ProtocolError", "no event"),
        ((401, {"error": "who?", "code": "UNAUTHORIZED"}), "UnauthorizedError", "who?"),
        ((404, {"some": "page"}), "ProtocolError", "not in the way of llamactl"),
    ],
)
def test_what_does_not_pass_is_raised(plan: Plan, name: str, said: str, mode: str) -> None:
    with serving(plan) as server, opened(mode, server.url) as bench:
        error = raised(lambda: list(bench.stream("events", after_seq=0)))
        assert type(error).__name__ == name
        assert said in str(error)
        assert len(server.targets) == 1


def test_who_opens_no_websocket(mode: str) -> None:
    with serving(*[(426, {})] * 3) as server, opened(mode, server.url) as bench:
        error = raised(lambda: list(bench.stream("events")))
        assert "opens no WebSocket. Does a proxy on the way let them through?" in str(error)
        assert len(server.targets) == 3


def test_the_first_handshake_is_tried_as_any_request_is(mode: str) -> None:
    busy = (503, {"error": "starts", "code": "SHUTTING_DOWN"})
    told_of: list[Interruption] = []
    with serving(busy, busy, tells(event(5), then=stays)) as server, opened(mode, server.url) as bench:
        stream = bench.stream("events", after_seq=0, on_interruption=told_of.append)
        assert next(stream).seq == 5
        stream.close()  # type: ignore[attr-defined]
        assert (bench.waits, len(server.targets)) == ([0.125, 0.25], 3)
    with serving(busy, busy) as server, opened(mode, server.url, retries=0) as bench:
        error = raised(lambda: list(bench.stream("events", on_interruption=told_of.append)))
        assert (error.code, len(server.targets)) == ("SHUTTING_DOWN", 1)
    with closed_port() as port, opened(mode, f"http://127.0.0.1:{port}", retries=0) as bench:
        raised(lambda: list(bench.stream("events", on_interruption=told_of.append)))
        assert bench.waits == []
    # Nothing was open that could have been interrupted.
    assert told_of == []


def test_a_server_that_is_not_there_is_tried_three_times(mode: str) -> None:
    with closed_port() as port, opened(mode, f"http://127.0.0.1:{port}") as bench:
        error = raised(lambda: list(bench.stream("events")))
        assert type(error).__name__ == "ConnectionError"
        assert "nothing listens there" in str(error)
        assert bench.waits == [0.125, 0.25]
