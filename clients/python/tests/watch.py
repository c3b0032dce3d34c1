"""Watches one instance until it is deleted, and prints its log and its events.

A program for tests that end the server meanwhile: `watch.py blocking|asyncio URL NAME`.
"""

from __future__ import annotations

import asyncio
import sys
import threading

from llamactl import AsyncClient, Client
from llamactl.models import Frame, InstanceDeletedEvent, InstanceStatusChangedEvent, LogEntry, LogItem


def tell(*words: object) -> None:
    # In one piece: two write at once.
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def tell_line(item: LogItem) -> None:
    tell("log", item.seq if isinstance(item, LogEntry) else "gap")


def tell_event(frame: Frame) -> bool:
    """Whether it was the last one."""
    if isinstance(frame, InstanceStatusChangedEvent):
        tell("event", frame.data.status)
    elif frame.type in ("gap", "instance_deleted"):
        tell("event", frame.type)
    return isinstance(frame, InstanceDeletedEvent)


def watch_blocking(url: str, name: str) -> None:
    with Client(url) as client:

        def follow() -> None:
            for item in client.follow_logs(name, after_seq=0):
                tell_line(item)

        log = threading.Thread(target=follow)
        log.start()
        for frame in client.events(instances=[name], after_seq=0):
            if tell_event(frame):
                break
        log.join()


async def watch(url: str, name: str) -> None:
    async with AsyncClient(url) as client:

        async def follow() -> None:
            async for item in client.follow_logs(name, after_seq=0):
                tell_line(item)

        log = asyncio.create_task(follow())
        async for frame in client.events(instances=[name], after_seq=0):
            if tell_event(frame):
                break
        await log


if __name__ == "__main__":
    _, kind, address, instance = sys.argv
    if kind == "asyncio":
        asyncio.run(watch(address, instance))
    else:
        watch_blocking(address, instance)
