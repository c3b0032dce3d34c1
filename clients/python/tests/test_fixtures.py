"""Every example of the API reference that llamactl was built from: bodies as sent, and answers as read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench import answer, raised
from conftest import Scripted

from llamactl import LlamactlError
from llamactl._model import Model

FOLDER = Path(__file__).parents[3] / "contract" / "fixtures"
TOKEN = ("login", {"username": "admin", "password": "password"})
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "list-instances": ("list_instances", {}),
    "get-instance": ("get_instance", {"name": "llama2-7b"}),
    "create-instance": (
        "create_instance",
        {
            "name": "my-instance",
            "model_path": "/path/to/model.gguf",
            "port": 8081,
            "options": {"threads": 4, "context_size": 2048, "gpu_layers": 0},
        },
    ),
    "create-example": ("create_instance", {"name": "example", "model_path": "/models/example.gguf", "port": 8081}),
    "update-instance": ("update_instance", {"name": "x", "options": {"threads": 8, "context_size": 4096}}),
    "delete-instance": ("delete_instance", {"name": "x"}),
    "start-instance": ("start_instance", {"name": "x"}),
    "stop-instance": ("stop_instance", {"name": "x", "force": False, "timeout": 30}),
    "get-instance-health": ("get_instance_health", {"name": "x"}),
    "get-instance-logs": ("get_instance_logs", {"name": "x"}),
    "get-system-status": ("get_system_status", {}),
    "get-system-info": ("get_system_info", {}),
    "login": TOKEN,
    "error": ("get_instance", {"name": "x"}),
}
FILES = sorted(path.name.removesuffix(".json") for path in FOLDER.iterdir())


def read(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def attributes(value: Any) -> Any:
    """What an answer holds, as a program gets at it; parts that this library does not know would be no classes."""
    if isinstance(value, list):
        return [attributes(each) for each in value]
    if isinstance(value, Model):
        assert type(value) is not Model
        return {name: attributes(getattr(value, name)) for name in value}
    return value


def test_all_of_them_are_here() -> None:
    assert {name.rsplit(".", 1)[0] for name in FILES} == set(CALLS)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".request")])
def test_request(name: str, scripted: Scripted) -> None:
    server, bench = scripted(answer({}))
    method, given = CALLS[name.rsplit(".", 1)[0]]
    bench.call(method, **given)
    assert json.loads(server.requests[0].body) == read(name)
    assert server.requests[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".response") and name != "error.response"])
def test_response(name: str, scripted: Scripted) -> None:
    example = read(name)
    _, bench = scripted(answer(example))
    method, given = CALLS[name.rsplit(".", 1)[0]]
    read_back = attributes(bench.call(method, **given))
    assert read_back == (example["instances"] if method == "list_instances" else example)


def test_error(scripted: Scripted) -> None:
    example = read("error.response")
    _, bench = scripted(answer(example, 404))
    error = raised(lambda: bench.call("get_instance", "x"))
    assert isinstance(error, LlamactlError)
    assert (str(error), error.code, error.details) == (example["error"], example["code"], example["details"])


def test_an_error_names_each_problem(scripted: Scripted) -> None:
    problems = [{"path": "port", "message": "is taken"}, {"path": "options.x", "message": "is not known"}]
    body = {"error": "port is taken (and 1 more).", "code": "VALIDATION_ERROR", "details": "", "errors": problems}
    _, bench = scripted(answer(body, 400))
    error = raised(lambda: bench.call("get_instance", "x"))
    assert str(error) == "port is taken; options.x is not known"
