"""Against the real program with the real engine: the scenario that all clients run, and what the README says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import Bench, opened, raised

from llamactl import Client, LlamactlError
from llamactl.models import InstanceStatusChangedEvent, LogEntry

ROOT = Path(__file__).parents[3]
SCENARIO = json.loads((ROOT / "clients" / "scenario.json").read_text())
README = (ROOT / "clients" / "python" / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
# An address without a server.
UNREAL = "https://example.org/llm"


@pytest.fixture(params=["open", "with accounts"])
def server(request: pytest.FixtureRequest, setting: dict[str, Any]) -> dict[str, Any]:
    """Where a server is, and the key that it wants."""
    if request.param == "open":
        return {"url": setting["url"], "token": None}
    url = setting["accounts"]["url"]
    with Client(url) as anybody:
        token = anybody.login("admin", setting["accounts"]["password"]).token
    with Client(url, token=token) as admin:
        return {"url": url, "token": admin.create_key("scenario", scopes=["admin"]).key}


class Scenario:
    """Runs the steps with one client."""

    def __init__(self, bench: Bench, filled: dict[str, str]) -> None:
        self._bench = bench
        self._filled = filled
        self._heard: Iterator[Any] = iter(())

    def run(self) -> None:
        for step in self._fill(SCENARIO["steps"]):
            getattr(self, step.pop("do"))(**step)

    def call(
        self,
        operation: str,
        body: dict[str, Any] | None = None,
        expect: dict[str, Any] | None = None,
        expectItem: dict[str, Any] | None = None,
        fails: dict[str, Any] | None = None,
        **given: Any,
    ) -> None:
        name = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", operation)

        def attempt() -> Any:
            return self._bench.call(name, **given, **(body or {}))

        if fails is not None:
            error = raised(attempt)
            assert isinstance(error, LlamactlError)
            assert {field: getattr(error, field) for field in fails} == fails
            return
        answer = attempt()
        if expectItem is not None:
            assert any(holds(item, expectItem) for item in answer)
        if expect is not None:
            assert holds(getattr(answer, "instance", answer), expect)

    def listen(self, types: list[str], instances: list[str]) -> None:
        self._heard = self._bench.stream("events", types=types, instances=instances, after_seq=0)

    def hear(self, statuses: list[str]) -> None:
        frames = [next(self._heard) for _ in statuses]
        assert all(isinstance(frame, InstanceStatusChangedEvent) for frame in frames)
        assert [frame.data.status for frame in frames] == statuses

    def follow(self, name: str, until: str) -> None:
        items = self._bench.stream("follow_logs", name)
        assert any(isinstance(item, LogEntry) and until in item.message for item in items)
        items.close()  # type: ignore[attr-defined]

    def chat(self, stream: bool, model: str, prompt: str, answer: str) -> None:
        assert stream
        question = [{"role": "user", "content": prompt}]
        chunks = self._bench.stream("chat", model, question, temperature=0, max_tokens=64)
        assert "".join(chunk.text for chunk in chunks) == answer

    def close(self) -> None:
        getattr(self._heard, "close", lambda: None)()

    def _fill(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._fill(each) for each in value]
        if isinstance(value, dict):
            return {name: self._fill(each) for name, each in value.items()}
        if isinstance(value, str):
            return re.sub(r"\{(\w+)\}", lambda word: self._filled[word[1]], value)
        return value


def holds(answer: Any, expected: dict[str, Any]) -> bool:
    return all(getattr(answer, name) == value for name, value in expected.items())


def test_the_scenario_of_all_clients(mode: str, server: dict[str, Any], setting: dict[str, Any]) -> None:
    name = f"scenario-{mode}"
    filled = {"instance": name, "model": setting["model"], "sentence": setting["sentence"]}
    with opened(mode, server["url"], is_hasty=False, token=server["token"]) as bench:
        scenario = Scenario(bench, filled)
        try:
            scenario.run()
        finally:
            scenario.close()


def test_who_has_no_key_is_not_let_in(mode: str, setting: dict[str, Any]) -> None:
    with opened(mode, setting["accounts"]["url"], is_hasty=False) as bench:
        assert raised(lambda: bench.call("list_instances")).code == "UNAUTHORIZED"
        assert raised(lambda: list(bench.stream("events"))).code == "UNAUTHORIZED"
        assert bench.call("get_readiness").status == "ok"


def test_an_engine_that_does_not_start_says_why(mode: str, setting: dict[str, Any]) -> None:
    name = f"broken-{mode}"
    with opened(mode, setting["url"], is_hasty=False) as bench:
        bench.call("create_instance", name, model_path=setting["model"], extra_args=["--no-such-flag"])
        error = raised(lambda: bench.call("start_instance", name, wait=True))
        assert (type(error).__name__, error.code) == ("ServerError", "START_FAILED")
        assert "--no-such-flag" in error.reason
        changed = bench.call("update_instance", name, extra_args=None, options={"threads": 1}).instance
        assert (changed.extra_args, changed.options) == ([], {"threads": 1})
        bench.call("delete_instance", name)


def test_a_fleet_is_taken_as_it_is_given(mode: str, setting: dict[str, Any]) -> None:
    with opened(mode, setting["url"], is_hasty=False) as bench:
        fleet = bench.call("export_fleet")
        assert {step.action for step in bench.call("apply_fleet", fleet, dry_run=True).results} <= {"nothing"}
        text = bench.call("export_fleet_yaml")
        assert bench.call("apply_fleet", text, dry_run=True).dry_run is True


@pytest.fixture(scope="module")
def example(setting: dict[str, Any]) -> Iterator[None]:
    """The instance that the README speaks of, running."""
    with Client(setting["url"]) as client:
        client.create_instance("example", model_path=setting["model"], options={"threads": 1})
        client.start_instance("example", wait=True)
        yield
        client.stop_instance("example", force=True, wait=True)
        client.delete_instance("example")


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_readme_is_right(number: int, setting: dict[str, Any], tmp_path: Path) -> None:
    text = EXAMPLES[number]
    is_life = "create_instance" in text
    if is_life:
        text = text.replace('"example"', '"another"')
    if UNREAL in text:
        text = text.replace(UNREAL, setting["url"]) + "client.list_instances()\n"
    for address in ("http://127.0.0.1:8080", "http://localhost:8080"):
        text = text.replace(address, address.replace("8080", setting["url"].rsplit(":", 1)[1]))
    text = text.replace("Client()", f'Client("{setting["url"]}")')
    text = text.replace("/models/example.gguf", setting["model"])
    # An example follows a log for a minute.
    text = text.replace("Timer(60,", "Timer(0.5,")
    program = tmp_path / "program.py"
    program.write_text(text)
    python = [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", str(program)]
    here = {**os.environ, "PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
    done = subprocess.run(python, env=here, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    if is_life:
        assert done.stdout == setting["sentence"]
