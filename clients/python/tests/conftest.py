"""Fixtures of all tests: both clients, and a scripted server on loopback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import MODES, Bench, Reply, ScriptedServer


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


Scripted = Callable[..., tuple[ScriptedServer, Bench]]


@pytest.fixture
def scripted(mode: str) -> Iterator[Scripted]:
    """A server with its answers, and a client of it."""
    made: list[Any] = []

    def make(*replies: Reply, **options: Any) -> tuple[ScriptedServer, Bench]:
        server = ScriptedServer(*replies)
        bench = Bench(mode, server.url, **options)
        made.extend((bench, server))
        return server, bench

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def setting() -> dict[str, Any]:
    """Real servers and their engine; the project's own test command starts them."""
    text = os.environ.get("LLAMACTL_TEST_SETTING")
    if text is None:
        pytest.skip("no real server: the project's test command starts one")
    found: dict[str, Any] = json.loads(text)
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--outcomes", help="write there what came of each test, as lines of JSON")


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--outcomes")
    if file is not None:
        Path(file).write_text("")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """For a program that runs these tests: one line for each that is over."""
    report = yield
    file = item.config.getoption("--outcomes")
    if file is not None and (report.when == "call" or not report.passed):
        outcome = {"name": item.nodeid, "outcome": report.outcome, "text": report.longreprtext[-4000:]}
        with Path(file).open("a") as lines:
            lines.write(json.dumps(outcome) + "\n")
    return report
