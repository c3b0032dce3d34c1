"""How requests are sent, and when again; what goes wrong, as exceptions."""

from __future__ import annotations

import asyncio
import json
import pickle
import socket
import ssl
from collections import ChainMap, deque
from contextlib import closing
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from bench import Reply, ScriptedServer, Silence, answer, closed_port, instead, opened, raised, refusal
from conftest import Scripted

import llamactl
from llamactl import AsyncClient, Client, LlamactlError
from llamactl._async import connections as async_connections
from llamactl._keep_alive import keep_alive
from llamactl._sync import connections as sync_connections
from llamactl.models import Problem

EMPTY = answer({"instances": []})


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "ValidationError"),
        (401, "UnauthorizedError"),
        (403, "ForbiddenError"),
        (404, "NotFoundError"),
        (409, "ConflictError"),
        (412, "PreconditionFailedError"),
        (413, "LlamactlError"),
        (429, "RateLimitedError"),
        (502, "ServerError"),
    ],
)
def test_a_refusal_has_the_class_of_its_status(status: int, name: str, scripted: Scripted) -> None:
    said = {
        "error": "It does not.",
        "code": "SOME_CODE",
        "details": "more",
        "request_id": "r-7",
        "errors": [{"path": "port", "message": "is none"}],
        "reason": "cause",
    }
    _, bench = scripted(answer(said, status, Retry_After="90"))
    error = raised(lambda: bench.call("list_instances"))
    assert type(error) is getattr(llamactl, name)
    assert isinstance(error, LlamactlError)
    assert isinstance(error, llamactl.Error)
    assert (error.message, str(error)) == ("It does not.", "It does not; port is none")
    assert (error.status, error.code, error.details, error.request_id) == (status, "SOME_CODE", "more", "r-7")
    assert (error.problems, error.reason, error.retry_after) == (
        [Problem({"path": "port", "message": "is none"})],
        "cause",
        90,
    )
    assert [problem.path for problem in error.problems] == ["port"]
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), vars(again)) == (type(error), vars(error))


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "no such model", "type": "invalid_request_error", "code": "model_not_found"}},
        {"type": "error", "error": {"message": "no such model", "type": "model_not_found"}},
    ],
)
def test_a_refusal_in_the_words_of_other_apis(body: Any, scripted: Scripted) -> None:
    _, bench = scripted(answer(body, 404, X_Request_Id="r-8"))
    error = raised(lambda: bench.call("request", "GET", "/v1/models/x"))
    assert (type(error), error.code, error.request_id) == (llamactl.NotFoundError, "model_not_found", "r-8")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(404, {}, "<html><style>p {}</style><p>nginx</p></html>"), "not in the way of llamactl: nginx"),
        (Reply(401, {}, '{"error": {"message": "Invalid API Key", "code": 401}}'), "Invalid API Key"),
        (Reply(404, {}, '{"error": "no such page"}'), "no such page"),
        (Reply(200, {}, "hello\nyou"), "something that is not llamactl's: hello you"),
        (Reply(500, {}, ""), "(nothing)"),
        (Reply(302, {"location": "/login"}), "/login; give the client that address"),
    ],
)
def test_what_is_not_llamactls_is_told_apart(reply: Reply, said: str, scripted: Scripted) -> None:
    _, bench = scripted(reply)
    error = raised(lambda: bench.call("list_instances"))
    assert isinstance(error, llamactl.ProtocolError)
    assert said in str(error)
    assert error.status == reply.status


def test_a_server_that_is_not_there(mode: str) -> None:
    with closed_port() as port, opened(mode, f"http://127.0.0.1:{port}") as bench:
        error = raised(lambda: bench.call("create_instance", "a"))
        assert isinstance(error, llamactl.ConnectionError)
        assert isinstance(error, ConnectionError)
        assert error.is_unsent
        assert "nothing listens there. Start the server with `llamactl up`" in str(error)
        # Nothing was done: even what writes is tried again.
        assert bench.waits == [0.125, 0.25]
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.url, again.is_unsent) == (str(error), error.url, True)


def test_a_host_that_has_no_name(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with opened(mode, "http://no-such-host.invalid", retries=0) as bench:
        assert "the name of the host is not known" in str(raised(lambda: bench.call("list_instances")))


def test_what_speaks_no_https(scripted: Scripted, mode: str) -> None:
    server, _ = scripted()
    context = ssl.create_default_context()
    with opened(mode, server.url.replace("http", "https"), retries=0, ssl_context=context) as bench:
        assert "does not speak HTTPS; try http://" in str(raised(lambda: bench.call("list_instances")))


@pytest.mark.parametrize(
    ("method", "reply", "waits"),
    [
        ("list_instances", Reply(is_broken=True), [0.125]),
        ("start_instance", Reply(is_broken=True), None),
        ("list_instances", refusal(429, "RATE_LIMITED", Retry_After="7"), [7.125]),
        ("start_instance", refusal(429, "RATE_LIMITED", Retry_After="7"), [7.125]),
        ("start_instance", refusal(429, "RATE_LIMITED", Retry_After="61"), None),
        ("start_instance", refusal(503, "SHUTTING_DOWN"), [0.125]),
        ("list_instances", refusal(503, "OTHER", Retry_After="1"), [1.125]),
        ("list_instances", refusal(503, "OTHER"), None),
        ("start_instance", refusal(503, "OTHER", Retry_After="1"), None),
        ("list_instances", Reply(502, {"retry-after": "1"}, "proxy"), [1.125]),
        ("list_instances", refusal(500, "INTERNAL_ERROR"), None),
        ("list_instances", refusal(404, "NOT_FOUND"), None),
    ],
)
def test_what_is_sent_again(method: str, reply: Reply, waits: list[float] | None, scripted: Scripted) -> None:
    server, bench = scripted(reply, answer({"instances": [], "status": "starting"}))
    given = ["a"] if method == "start_instance" else []
    if waits is None:
        assert isinstance(raised(lambda: bench.call(method, *given)), llamactl.Error)
        assert len(server.requests) == 1
    else:
        bench.call(method, *given)
        assert (bench.waits, len(server.requests)) == (waits, 2)


@pytest.mark.parametrize(
    ("method", "named", "count"),
    [
        ("restart_instance", {"wait": True}, 1),
        ("restart_instance", {"wait": False}, 3),
        ("restart_instance", {}, 3),
        ("update_instance", {"apply": "restart"}, 1),
        ("update_instance", {}, 3),
    ],
)
def test_what_may_be_done_already_when_the_server_stops_is_not_sent_again(
    method: str, named: dict[str, Any], count: int, scripted: Scripted
) -> None:
    server, bench = scripted(*[refusal(503, "SHUTTING_DOWN")] * 3)
    assert raised(lambda: bench.call(method, "a", **named)).code == "SHUTTING_DOWN"
    assert len(server.requests) == count


def test_nor_where_the_path_asks_for_it(scripted: Scripted) -> None:
    server, bench = scripted(*[refusal(503, "SHUTTING_DOWN")] * 3)
    raised(lambda: bench.call("request", "post", "/api/instances/a/start?wait=true"))
    assert len(server.requests) == 1


def test_how_often_it_is(scripted: Scripted) -> None:
    busy = refusal(429, "RATE_LIMITED")
    server, bench = scripted(*[busy] * 9)
    raised(lambda: bench.call("list_instances"))
    assert (bench.waits, len(server.requests)) == ([0.125, 0.25], 3)
    raised(lambda: bench.with_options(retries=0).call("list_instances"))
    assert len(server.requests) == 4


def test_an_answer_that_does_not_come_in_time(mode: str) -> None:
    asked: list[Any] = []
    silence = Silence(b"{")

    def late(request: httpx.Request) -> httpx.Response:
        asked.append(request.extensions["timeout"])
        if len(asked) == 1:
            raise httpx.ReadTimeout("")
        return httpx.Response(200, stream=silence)

    with opened(mode, "http://h:1", timeout=0.05) as bench:
        instead(bench, late)
        for _ in range(2):
            error = raised(lambda: bench.call("list_instances"))
            assert isinstance(error, llamactl.TimeoutError)
            assert isinstance(error, TimeoutError)
            assert str(error) == "http://h:1 did not answer within 0.05 s."
            assert not error.is_unsent
    # What may have been done is not done again.
    assert asked == [{"connect": 0.05, "read": 0.05, "write": 0.05, "pool": None}] * 2
    assert silence.is_closed


def test_an_answer_that_never_ends(scripted: Scripted) -> None:
    server, bench = scripted(Reply(200, {}, pieces=[b"{"] * 9, is_silent=True), timeout=5)
    bench.client._transport.timing.step = 2
    error = raised(lambda: bench.call("list_instances"))
    assert str(error) == f"{server.url} did not answer within 5 s."
    assert server.hung_up.wait(10)


def test_a_connection_that_does_not_come_about_in_time(mode: str) -> None:
    def late(request: httpx.Request) -> httpx.Response:
        bounds.append(request.extensions["timeout"]["connect"])
        raise httpx.ConnectTimeout("")

    bounds: list[float] = []
    with opened(mode, "http://h:1") as bench:
        instead(bench, late)
        error = raised(lambda: bench.call("create_instance", "a"))
        assert (type(error).__name__, error.is_unsent) == ("TimeoutError", True)
        assert "does a firewall let the port through?" in str(error)
        assert (bounds, len(bench.waits)) == ([10, 10, 10], 2)


def test_what_waits_takes_as_long_as_it_takes(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    _, bench = scripted(*[answer({"files": []})] * 10, timeout=7)
    http = bench.client._transport.connections.http
    bounds: list[float | None] = []
    build = http.build_request

    def spied(*given: Any, **named: Any) -> Any:
        bounds.append(named["timeout"].read)
        return build(*given, **named)

    monkeypatch.setattr(http, "build_request", spied)
    for method in ("start_instance", "stop_instance", "restart_instance"):
        bench.call(method, "a", wait=True)
    bench.call("delete_instance", "a")
    bench.call("apply_fleet", {"instances": []})
    bench.call("verify_model", "m")
    bench.call("request", "POST", "/v1/embeddings", body={})
    assert bounds == [None] * 7
    bench.call("start_instance", "a")
    bench.call("request", "GET", "/v1/models")
    bench.with_options(timeout=None).call("start_instance", "a")
    assert bounds[7:] == [7, 7, None]
    other = bench.with_options(timeout=5).client
    again = other.with_options(retries=9)
    assert (again._transport.options.timeout, again._transport.options.retries) == (5, 9)


def test_a_token_is_sent_and_so_are_headers(scripted: Scripted) -> None:
    server, bench = scripted(EMPTY, token=" llk_1 ", headers={"X-Request-Id": "r-9"})
    bench.call("list_instances")
    sent = server.requests[0].headers
    assert (sent["authorization"], sent["x-request-id"]) == ("Bearer llk_1", "r-9")
    assert sent["user-agent"] == f"llamactl-client/{llamactl.__version__}"
    other, own = scripted(EMPTY, token="llk_1", headers={"Authorization": "Basic x"})
    own.call("list_instances")
    assert other.requests[0].headers["authorization"] == "Basic x"


def test_a_token_that_is_none_is_not_shown(scripted: Scripted) -> None:
    server, bench = scripted(token="secret\nkey")
    error = raised(lambda: bench.call("list_instances"))
    assert isinstance(error, ValueError)
    assert "secret" not in str(error)
    assert server.requests == []


def test_a_token_is_asked_for_and_once_more_when_it_was_refused(scripted: Scripted) -> None:
    tokens = iter(["old", "new", "newer", "newest", "last"])
    stale = refusal(401, "TOKEN_EXPIRED")
    server, bench = scripted(
        stale, EMPTY, stale, stale, refusal(401, "INVALID_CREDENTIALS"), token=lambda: next(tokens)
    )
    bench.call("list_instances")
    assert isinstance(raised(lambda: bench.call("list_instances")), llamactl.UnauthorizedError)
    assert isinstance(raised(lambda: bench.call("login", "a", "b")), llamactl.UnauthorizedError)
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == [f"Bearer {token}" for token in ("old", "new", "newer", "newest", "last")]


def test_a_token_of_a_coroutine() -> None:
    async def token() -> str:
        return "llk_2"

    server = ScriptedServer(EMPTY)
    with closing(server), opened("asyncio", server.url, token=token) as bench:
        bench.call("list_instances")
    assert server.requests[0].headers["authorization"] == "Bearer llk_2"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://h:1", "http://h:1"),
        ("h:8080/", "http://h:8080"),
        ("https://h/llm/api/", "https://h/llm"),
        ("http://h:1/v1/", "http://h:1"),
        ("http://[::1]:8080/api", "http://[::1]:8080"),
        ("https://h/api/api", "https://h/api"),
    ],
)
def test_addresses_as_people_write_them(given: str, url: str, mode: str) -> None:
    with opened(mode, given) as bench:
        assert bench.client.url == url
        assert repr(bench.client).endswith(f"Client('{url}')")


@pytest.mark.parametrize("url", ["ftp://h", "http://", "http://u:p@h", "http://h:x", "http://a b"])
def test_what_is_no_address(url: str) -> None:
    assert isinstance(raised(lambda: Client(url)), ValueError)
    assert isinstance(raised(lambda: AsyncClient(url)), ValueError)


def test_what_is_no_time() -> None:
    assert isinstance(raised(lambda: Client(timeout=0)), ValueError)
    assert isinstance(raised(lambda: Client().with_options(timeout=-1)), ValueError)


def test_a_context_closes_what_it_opened(scripted: Scripted) -> None:
    server, _ = scripted(EMPTY, EMPTY)
    with Client(server.url) as client:
        assert client.list_instances() == []
    assert client._transport.connections.http.is_closed

    async def main() -> None:
        async with AsyncClient(server.url) as client:
            assert await client.list_instances() == []
        assert client._transport.connections.http.is_closed

    asyncio.run(main())


def test_no_proxy_is_asked_for_this_machine(scripted: Scripted, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    server, _ = scripted(EMPTY)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with opened(mode, server.url) as bench:
        assert bench.call("list_instances") == []


def test_what_is_typed_as_a_mapping_is_sent_as_one(scripted: Scripted) -> None:
    server, bench = scripted(*[answer({})] * 3)
    environment = MappingProxyType({"A": "1"})
    bench.call("update_instance", "a", environment=environment, options=ChainMap({"threads": 1}, {"seed": 2}))
    bench.call("request", "POST", "/v1/embeddings", body={"input": deque(["x", ("y",)])})
    assert [json.loads(sent.body) for sent in server.requests] == [
        {"environment": {"A": "1"}, "options": {"threads": 1, "seed": 2}},
        {"input": ["x", ["y"]]},
    ]
    error = raised(lambda: bench.call("request", "POST", "/v1/embeddings", body={"input": b"x"}))
    assert (type(error), str(error)) == (TypeError, "bytes cannot be sent as JSON")


def test_a_query_follows_one_that_stands_in_the_path(scripted: Scripted) -> None:
    server, bench = scripted(*[answer({})] * 2)
    bench.call("request", "GET", "/api/instances?status=running", query={"a": True, "b": None})
    bench.call("request", "GET", "/api/instances?status=running", query={"b": None})
    assert server.targets == ["GET /api/instances?status=running&a=true", "GET /api/instances?status=running"]


def test_an_error_shows_all_that_is_wrong(scripted: Scripted) -> None:
    problems = [{"path": "name", "message": "name is too long"}, {"path": "port", "message": "must be at least 1"}]
    body = {"error": "name is too long (and 1 more problem)", "code": "VALIDATION_ERROR", "errors": problems}
    _, bench = scripted(answer(body, 400))
    error = raised(lambda: bench.call("create_instance", "a"))
    assert str(error) == "name is too long (and 1 more problem); port must be at least 1"
    assert error.message == "name is too long (and 1 more problem)"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_system_asks_whether_the_other_end_is_still_there(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def spied(opened: Any) -> None:
        keep_alive(opened)
        seen.append(opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

    for module in (async_connections, sync_connections):
        monkeypatch.setattr(module, "keep_alive", spied)
    _, bench = scripted(EMPTY, EMPTY)
    bench.call("list_instances")
    bench.call("list_instances")
    assert len(seen) == 1
    assert seen[0] != 0
