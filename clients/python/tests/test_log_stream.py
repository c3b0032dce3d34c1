"""A followed log: nothing lost, nothing twice, however the connection was lost."""

from __future__ import annotations

from itertools import islice
from typing import Any

import httpx
import pytest
from bench import Reply, Silence, answer, closed_port, events, instead, opened, payload, raised, refusal
from conftest import Scripted

from llamactl import Interruption
from llamactl.models import LogEntry

SOURCE = "/api/instances/a/logs"
STREAM = {"content-type": "text/event-stream"}
GONE = refusal(404, "INSTANCE_NOT_FOUND")


def entry(seq: int) -> dict[str, Any]:
    return {"timestamp": "2026-03-01T12:00:00.000Z", "level": "info", "message": f"line {seq}", "seq": seq}


def logs(*seqs: int) -> Reply:
    return answer({"logs": [entry(seq) for seq in seqs]})


def alive(born: str = "first") -> Reply:
    return answer({"created_at": born})


def gap(first: int, last: int) -> dict[str, Any]:
    return {"gap": {"from_seq": first, "to_seq": last}}


def place(item: Any) -> Any:
    return item.seq if isinstance(item, LogEntry) else (item.gap.from_seq, item.gap.to_seq)


def test_tells_the_last_lines_then_all_that_come_until_the_instance_is_deleted(scripted: Scripted) -> None:
    one, *rest = payload(entry(3)), b":\n\n", payload(entry(4), gap(4, 9)), payload(entry(10))
    server, bench = scripted(alive(), logs(1, 2), events(b"retry: 1000\n\n", one[:9], one[9:], *rest), GONE)
    assert [place(item) for item in bench.stream("follow_logs", "a", lines=2)] == [1, 2, 3, 4, (4, 9), 10]
    assert server.targets == [
        "GET /api/instances/a",
        f"GET {SOURCE}?lines=2",
        f"GET {SOURCE}?follow=true&after_seq=2",
        "GET /api/instances/a",
    ]
    assert server.requests[2].headers["accept"] == "text/event-stream"


def test_is_resumed_where_it_was(scripted: Scripted) -> None:
    seen: list[Any] = []
    server, bench = scripted(
        alive(),
        logs(1),
        events(payload(entry(2)), is_broken=True),
        Reply(is_broken=True),
        refusal(503, "SHUTTING_DOWN", Retry_After="1"),
        alive(),
        events(payload(gap(2, 5))),
        alive(),
        events(payload(entry(6))),
        GONE,
    )
    told_of = {"on_open": lambda: seen.append("open"), "on_interruption": seen.append}
    items = list(bench.stream("follow_logs", "a", **told_of))
    assert [place(item) for item in items] == [1, 2, (2, 5), 6]
    assert [target for target in server.targets if "follow" in target] == [
        f"GET {SOURCE}?follow=true&after_seq=1",
        f"GET {SOURCE}?follow=true&after_seq=2",
        f"GET {SOURCE}?follow=true&after_seq=5",
    ]
    assert [each for each in seen if each == "open"] == ["open"] * 3
    interruptions = [each for each in seen if isinstance(each, Interruption)]
    assert [(each.attempt, each.delay) for each in interruptions] == [(1, 0.125), (2, 0.25), (3, 1.5)]
    assert "the connection was lost" in str(interruptions[0].error)
    assert bench.waits == [0.125, 0.25, 1.5]


def test_begins_now_when_no_line_of_the_past_is_wanted(scripted: Scripted) -> None:
    server, bench = scripted(alive(), logs(7), events(payload(entry(8))), GONE)
    assert [place(item) for item in bench.stream("follow_logs", "a", lines=0)] == [8]
    assert server.targets[1:3] == [f"GET {SOURCE}?lines=1", f"GET {SOURCE}?follow=true&after_seq=7"]


def test_begins_where_it_is_told_to(scripted: Scripted) -> None:
    server, bench = scripted(alive(), events(payload(entry(6))), GONE)
    list(bench.stream("follow_logs", "a", after_seq=5))
    assert server.targets[1] == f"GET {SOURCE}?follow=true&after_seq=5"


def test_of_a_server_that_begins_at_another_place_is_told_once(scripted: Scripted) -> None:
    first = events(payload(entry(1), entry(2), entry(3)))
    again = events(payload(gap(1, 2), entry(3), entry(4)))
    _, bench = scripted(alive(), logs(1, 2), first, alive(), again, GONE)
    assert [place(item) for item in bench.stream("follow_logs", "a")] == [1, 2, 3, 4]


def test_that_begins_anew_as_one_that_was_restored_does_is_told(scripted: Scripted) -> None:
    later = {**entry(2), "timestamp": "2026-03-01T12:00:01.000Z"}
    _, bench = scripted(alive(), logs(9), events(payload(later)), GONE, alive(), events(payload(entry(2))), GONE)
    assert [place(item) for item in bench.stream("follow_logs", "a")] == [9, 2]
    assert [place(item) for item in bench.stream("follow_logs", "a", after_seq=9)] == [2]


def test_of_some_levels_begins_behind_the_newest_line_of_any(scripted: Scripted) -> None:
    server, bench = scripted(alive(), logs(20), logs(3, 8), events(), GONE)
    assert [place(item) for item in bench.stream("follow_logs", "a", level="warn")] == [3, 8]
    assert server.targets[1:4] == [
        f"GET {SOURCE}?lines=1",
        f"GET {SOURCE}?level=warn",
        f"GET {SOURCE}?follow=true&level=warn&after_seq=20",
    ]


def test_ends_when_another_instance_has_got_the_name(scripted: Scripted) -> None:
    _, bench = scripted(alive("first"), logs(1), events(), alive("second"))
    assert [place(item) for item in bench.stream("follow_logs", "a")] == [1]


def test_that_ends_again_and_again_is_not_asked_for_without_a_pause(scripted: Scripted) -> None:
    _, bench = scripted(alive(), logs(), events(), alive(), events(), alive(), events(), GONE)
    assert list(bench.stream("follow_logs", "a")) == []
    assert bench.waits == [0.25, 0.5]


@pytest.mark.parametrize(
    ("replies", "name"),
    [
        ([GONE], "NotFoundError"),
        ([alive(), logs(), refusal(403, "FORBIDDEN")], "ForbiddenError"),
        ([alive(), logs(), events(), refusal(401, "TOKEN_EXPIRED")], "UnauthorizedError"),
        ([alive(), logs(), events(), refusal(404, "NOT_FOUND")], "NotFoundError"),
        ([alive(), logs(), events(), Reply(404, {}, "<p>nothing here</p>")], "ProtocolError"),
        ([alive(), logs(), events(), refusal(500, "INTERNAL_ERROR")], "ServerError"),
        ([alive(), logs(), events(b"data: hm\n\n")], "ProtocolError"),
        ([alive(), logs(), answer({})], "ProtocolError"),
    ],
)
def test_what_does_not_pass_is_raised(replies: list[Reply], name: str, scripted: Scripted) -> None:
    _, bench = scripted(*replies)
    assert type(raised(lambda: list(bench.stream("follow_logs", "a")))).__name__ == name


def test_of_a_server_that_is_not_there(mode: str) -> None:
    with closed_port() as port, opened(mode, f"http://127.0.0.1:{port}") as bench:
        assert "nothing listens there" in str(raised(lambda: list(bench.stream("follow_logs", "a"))))


def test_is_lost_when_nothing_is_heard_for_a_minute(mode: str) -> None:
    silence = Silence(payload(entry(2)))
    replies = iter(
        [
            httpx.Response(200, json={"created_at": "first"}),
            httpx.Response(200, headers=STREAM, stream=silence),
            httpx.Response(200, json={"created_at": "first"}),
            httpx.Response(200, headers=STREAM, content=payload(entry(3))),
            httpx.Response(404, json={"error": "gone", "code": "INSTANCE_NOT_FOUND"}),
        ]
    )
    bounds: list[float] = []

    def answers(request: httpx.Request) -> httpx.Response:
        bounds.append(request.extensions["timeout"]["read"])
        return next(replies)

    with opened(mode, "http://h:1", timeout=7) as bench:
        instead(bench, answers)
        assert [place(item) for item in bench.stream("follow_logs", "a", after_seq=1)] == [2, 3]
        assert (bounds, bench.waits) == ([7, 60, 7, 60, 7], [0.125])
    assert silence.is_closed


def test_is_let_go_by_whoever_stops_reading(scripted: Scripted) -> None:
    server, bench = scripted(alive(), logs(1), events(payload(entry(2)), is_silent=True))
    items = bench.stream("follow_logs", "a")
    assert [place(item) for item in islice(items, 2)] == [1, 2]
    items.close()  # type: ignore[attr-defined]
    assert server.hung_up.wait(10)


def test_asks_for_nothing_before_it_is_read(scripted: Scripted) -> None:
    server, bench = scripted()
    bench.stream("follow_logs", "a").close()  # type: ignore[attr-defined]
    assert server.requests == []
