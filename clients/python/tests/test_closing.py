"""What is closed by another thread, or by another task, while something waits in it."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import pickle
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from bench import Bench, Reply, ScriptedServer, answer, closed_port, events, opened, payload, raised, refusal
from conftest import Scripted
from test_event_stream import event, serving, stays, tells
from websockets.sync.server import ServerConnection

from llamactl import AsyncClient, Client, ClosedError, ConnectionError, Interruption, Stream
from llamactl._async.timing import Over
from llamactl._async.timing import Timing as AsyncTiming

ALIVE = answer({"created_at": "first"})
LINE = {"timestamp": "2026-03-01T12:00:00.000Z", "level": "info", "message": "line 2", "seq": 2}
CHUNK = {"choices": [{"index": 0, "delta": {"content": "Hel"}}]}
EMPTY = answer({"instances": []})


@dataclass
class Wait:
    """Something that waits for what does not come."""

    url: str
    method: str
    given: dict[str, Any]
    received: int
    """What comes before."""
    has_begun: threading.Event


def log_wait(stack: ExitStack, *replies: Reply, received_before: int = 0) -> Wait:
    server = ScriptedServer(*replies)
    stack.callback(server.close)
    return Wait(server.url, "follow_logs", {"name": "a", "after_seq": 1}, received_before, server.fell_silent)


def next_line(stack: ExitStack) -> Wait:
    return log_wait(stack, ALIVE, events(payload(LINE), is_silent=True), received_before=1)


def first_answer(stack: ExitStack) -> Wait:
    return log_wait(stack, Reply(is_silent=True))


def stream_to_begin(stack: ExitStack) -> Wait:
    # Over the connection that the first answer came by.
    return log_wait(stack, ALIVE, Reply(is_silent=True))


def next_try(stack: ExitStack) -> Wait:
    wait = log_wait(
        stack, ALIVE, events(payload(LINE), is_broken=True), refusal(503, "SHUTTING_DOWN", Retry_After="600")
    )
    wait.received = 1

    def interrupted(interruption: Interruption) -> None:
        if interruption.delay >= 600:
            wait.has_begun.set()

    wait.given["on_interruption"] = interrupted
    return wait


def next_piece(stack: ExitStack) -> Wait:
    server = ScriptedServer(events(payload(CHUNK), is_silent=True))
    stack.callback(server.close)
    return Wait(server.url, "chat", {"model": "a", "messages": []}, 1, server.fell_silent)


def first_piece(stack: ExitStack) -> Wait:
    server = ScriptedServer(Reply(is_silent=True))
    stack.callback(server.close)
    return Wait(server.url, "chat", {"model": "a", "messages": []}, 0, server.fell_silent)


def next_event(stack: ExitStack) -> Wait:
    waits = threading.Event()

    def silent(connection: Any) -> None:
        waits.set()
        connection.recv()

    server = stack.enter_context(serving(tells(event(5), then=silent)))
    return Wait(server.url, "events", {"after_seq": 0}, 1, waits)


def handshake(stack: ExitStack) -> Wait:
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    waits = threading.Event()

    def accept() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            waits.set()
            connection.recv(1)

    thread = threading.Thread(target=accept)
    thread.start()
    stack.callback(thread.join)
    return Wait(f"http://127.0.0.1:{listener.getsockname()[1]}", "events", {"after_seq": 0}, 0, waits)


# Of each: it waits for that.
WAITS = [next_line, first_answer, stream_to_begin, next_try, next_piece, first_piece, next_event, handshake]
waits = pytest.mark.parametrize("made", WAITS, ids=[each.__name__ for each in WAITS])


class Loop(threading.Thread):
    """A loop of its own thread."""

    def __init__(self, items: Iterable[Any]) -> None:
        super().__init__(daemon=True)
        self.received: list[Any] = []
        self.has_received = threading.Semaphore(0)
        self.error: Exception | None = None
        self._items = items
        self.start()

    def run(self) -> None:
        try:
            for item in self._items:
                self.received.append(item)
                self.has_received.release()
        except Exception as error:
            self.error = error

    def ended(self) -> tuple[int, str | None]:
        """Number of items, and the error that ended the loop."""
        self.join(10)
        assert not self.is_alive(), "it still waits"
        return len(self.received), None if self.error is None else type(self.error).__name__


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def begun(stack: ExitStack, made: Callable[[ExitStack], Wait]) -> tuple[Client, Stream[Any], Loop, Wait]:
    """A loop that waits."""
    wait = made(stack)
    client = Client(wait.url, retries=0)
    stack.callback(client.close)
    stream = getattr(client, wait.method)(**wait.given)
    loop = Loop(stream)
    assert wait.has_begun.wait(10)
    assert all(loop.has_received.acquire(timeout=10) for _ in range(wait.received))
    return client, stream, loop, wait


@waits
def test_a_stream_that_another_thread_closes_is_over(made: Callable[[ExitStack], Wait], stack: ExitStack) -> None:
    client, stream, loop, wait = begun(stack, made)
    stream.close()
    assert loop.ended() == (wait.received, None)
    assert list(stream) == []
    stream.close()
    # Nothing else is.
    client._transport.connections.check()


@waits
def test_a_client_that_another_thread_closes_breaks_its_streams_off(
    made: Callable[[ExitStack], Wait], stack: ExitStack
) -> None:
    client, _, loop, wait = begun(stack, made)
    client.close()
    assert loop.ended() == (wait.received, "ClosedError")


@waits
def test_with_asyncio_the_same(made: Callable[[ExitStack], Wait], stack: ExitStack) -> None:
    async def main() -> None:
        wait = made(stack)
        items: asyncio.Queue[Any] = asyncio.Queue()
        async with AsyncClient(wait.url, retries=0) as client:

            async def loop() -> None:
                async for item in getattr(client, wait.method)(**wait.given):
                    items.put_nowait(item)

            task = asyncio.create_task(loop())
            assert await asyncio.to_thread(wait.has_begun.wait, 10)
            for _ in range(wait.received):
                await items.get()
            if made is handshake:
                # That is ended by its own task alone.
                task.cancel()
        done, _ = await asyncio.wait([task], timeout=10)
        assert done
        assert items.empty()
        if not task.cancelled():
            assert isinstance(task.exception(), ClosedError)

    asyncio.run(main())


def test_a_call_that_waits_is_broken_off() -> None:
    with ExitStack() as stack:
        server = ScriptedServer(EMPTY, Reply(is_silent=True))
        stack.callback(server.close)
        client = Client(server.url)
        # The next one goes over the connection of the first.
        assert client.list_instances() == []

        def call() -> Iterator[Any]:
            yield client.start_instance("a", wait=True)

        loop = Loop(call())
        assert server.fell_silent.wait(10)
        client.close()
        assert loop.ended() == (0, "ClosedError")
        assert len(server.requests) == 2


def test_what_was_closed_does_nothing_any_more(scripted: Scripted, mode: str) -> None:
    server, bench = scripted()
    bench.call("close")
    attempts: list[Callable[[], Any]] = [
        lambda: bench.call("list_instances"),
        lambda: bench.call("request", "POST", "/v1/embeddings"),
        lambda: list(bench.stream("follow_logs", "a")),
        lambda: list(bench.stream("events")),
        lambda: list(bench.stream("chat", "a", [])),
        lambda: list(bench.with_options(retries=0).stream("stream_audit")),
        lambda: bench.with_options(retries=0).call("list_instances"),
    ]
    for attempt in attempts:
        error = raised(attempt)
        assert (type(error).__name__, str(error)) == ("ClosedError", "The client was closed.")
    bench.call("close")
    assert server.requests == []
    assert isinstance(pickle.loads(pickle.dumps(ClosedError())), ClosedError)


def test_a_client_with_other_bounds_closes_only_what_it_began(scripted: Scripted) -> None:
    server, bench = scripted(ALIVE, events(payload(LINE), is_silent=True), EMPTY, EMPTY)
    other: Bench = bench.with_options(timeout=5)
    lines = other.stream("follow_logs", "a", after_seq=1)
    assert next(lines).seq == 2
    other.call("close")
    assert type(raised(lambda: next(lines))).__name__ == "ClosedError"
    assert type(raised(lambda: other.call("list_instances"))).__name__ == "ClosedError"
    assert bench.call("list_instances") == []
    again = bench.with_options(retries=1)
    assert again.call("list_instances") == []
    bench.call("close")
    assert type(raised(lambda: again.call("list_instances"))).__name__ == "ClosedError"
    assert len(server.requests) == 4


@pytest.mark.parametrize("way", ["with", "inside", "received", "forgotten"])
def test_a_stream_is_let_go_however_it_is_left(way: str) -> None:
    server = ScriptedServer(ALIVE, events(payload(LINE), is_silent=True))
    with ExitStack() as stack:
        stack.callback(server.close)
        client = stack.enter_context(Client(server.url))
        if way == "with":
            with client.follow_logs("a", after_seq=1) as lines:
                assert next(lines).to_dict() == LINE
            assert list(lines) == []
        elif way == "inside":
            lines = client.follow_logs("a", after_seq=1)
            for _ in lines:
                lines.close()
        elif way == "received":

            def on_open() -> None:
                lines.close()

            lines = client.follow_logs("a", after_seq=1, on_open=on_open)
            assert list(lines) == []
        else:
            for _ in client.follow_logs("a", after_seq=1):
                break
            gc.collect()
        assert server.hung_up.wait(10)


def test_two_streams_end_each_on_its_own() -> None:
    with (
        serving(tells(event(5), then=stays), tells(event(6), then=stays)) as server,
        opened("blocking", server.url) as bench,
    ):
        first, second = (bench.client.events(after_seq=0) for _ in range(2))
        assert [next(first).seq, next(second).seq] == [5, 6]
        loop = Loop(second)
        first.close()
        assert list(first) == []
        assert loop.is_alive()
        second.close()
        assert loop.ended() == (0, None)


@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_a_loop_that_is_busy_meanwhile_is_over(moment: str) -> None:
    closes, may_end = threading.Event(), threading.Event()

    def endless() -> Generator[int, None, None]:
        try:
            while True:
                yield 1
        finally:
            closes.set()
            assert may_end.wait(10)

    with Client("http://127.0.0.1:1") as client:
        stream = Stream(endless(), client._transport.connections.part())
        assert next(stream) == 1
        items = stream._items
        closer = threading.Thread(target=stream.close)

        class Raced:
            """Another thread closes the stream at that moment of asking for an item, and is not done."""

            def __next__(self) -> int:
                item = next(items) if moment == "after" else 0
                closer.start()
                assert closes.wait(10)
                return item or next(items)

            def close(self) -> None:
                items.close()

        if moment == "before":
            closer.start()
            assert closes.wait(10)
        else:
            raced: Any = Raced()
            stream._items = raced
        assert list(stream) == []
        may_end.set()
        closer.join(10)
        assert not closer.is_alive()


def test_a_stream_of_a_client_with_other_bounds_ends_with_the_one_it_was_made_of(scripted: Scripted, mode: str) -> None:
    # A client that is not closed continues with the second stream.
    streams = [events(payload({**LINE, "seq": seq}), is_broken=True) for seq in (2, 3)]
    _, bench = scripted(ALIVE, streams[0], ALIVE, streams[1])
    # Nothing else holds the one between.
    items = bench.client.with_options(timeout=5).with_options(retries=0).follow_logs("a", after_seq=1)
    gc.collect()

    def following() -> Any:
        return next(items) if mode == "blocking" else bench._wait(anext(items))

    assert following().seq == 2
    bench.call("close")
    assert type(raised(following)).__name__ == "ClosedError"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked there")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("closed", ["client", "stream"])
def test_what_is_forked_off_closes_nothing_of_its_parent(closed: str) -> None:
    may_go_on = threading.Event()
    interruptions: list[Interruption] = []

    def goes_on(connection: ServerConnection) -> None:
        assert may_go_on.wait(10)
        connection.send(json.dumps(event(6)))
        connection.recv()

    with serving(tells(event(5), then=goes_on)) as server, Client(server.url) as client:
        stream = client.events(after_seq=0, on_interruption=interruptions.append)
        assert next(stream).seq == 5
        child = os.fork()
        if child == 0:
            status = 1
            try:
                (client if closed == "client" else stream).close()
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        may_go_on.set()
        assert next(stream).seq == 6
        assert interruptions == []


def test_one_client_may_try_again_in_one_loop_after_another() -> None:
    class ShortTiming(AsyncTiming):
        async def sleep(self, seconds: float, over: Over) -> None:
            await super().sleep(min(seconds, 0.001), over)

    async def call() -> None:
        with pytest.raises(ConnectionError):
            await client.list_instances()

    with closed_port() as port:
        client = AsyncClient(f"http://127.0.0.1:{port}", retries=1, _timing=ShortTiming())
        for _ in range(2):
            asyncio.run(call())
        asyncio.run(client.close())
