"""Every operation of the API is a method of its name in both clients, which takes what the operation takes, no more."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from bench import answer, raised
from conftest import Scripted

from llamactl import AsyncClient, Client, __version__

ROOT = Path(__file__).parents[3]
OPENAPI = json.loads((ROOT / "openapi.json").read_text())
SCHEMAS = OPENAPI["components"]["schemas"]
# What `follow_logs` is for.
ELSEWHERE = {"follow", "Last-Event-ID"}
# Bodies that are documents, given whole.
WHOLE = {"applyFleet": "document", "updateConfig": "changes"}
# A name stands in the path, and cannot change.
UNTAKEN = {("updateInstance", "name")}
# Methods that are no operations.
OWN = {"chat", "close", "events", "export_fleet_yaml", "follow_logs", "request", "stream_audit", "url", "with_options"}


class Described:
    """An operation, as the description of the API has it."""

    def __init__(self, path: str, method: str, operation: dict[str, Any]) -> None:
        self.path, self.method, self.id = path, method.upper(), operation["operationId"]
        self.steps = re.findall(r"\{(\w+)\}", path)
        parameters = [each for each in operation["parameters"] if each.get("name") not in {None, *ELSEWHERE}]
        self.query = {each["name"]: each["schema"] for each in parameters if each["in"] == "query"}
        self.needed_query = {each["name"] for each in parameters if each["in"] == "query" and each.get("required")}
        self.headers = [each["name"] for each in parameters if each["in"] == "header"]
        self.body: dict[str, Any] | None = None
        self.required: list[str] = []
        if "requestBody" in operation:
            reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            schema = SCHEMAS[reference.rsplit("/", 1)[1]]
            self.body = {name: each for name, each in schema["properties"].items() if (self.id, name) not in UNTAKEN}
            self.required = schema.get("required", [])

    @property
    def name(self) -> str:
        return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", self.id)

    def field(self, name: str) -> str:
        """The parameter for a member of the body. A rename has two names: one in its path, one in its body."""
        return f"new_{name}" if name in self.steps else name

    def parameters(self) -> dict[str, bool]:
        """What the method takes, and whether it has to be given."""
        fields = {} if self.body is None else {self.field(name): name in self.required for name in self.body}
        if self.id in WHOLE:
            fields = {WHOLE[self.id]: True}
        headers = [name.lower().replace("-", "_") for name in self.headers]
        query = {name: name in self.needed_query for name in self.query}
        return dict.fromkeys(self.steps, True) | fields | query | dict.fromkeys(headers, False)


OPERATIONS = [
    Described(path, method, operation)
    for path, item in OPENAPI["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
]


def sample(name: str, schema: dict[str, Any]) -> Any:
    """A unique value."""
    kind = schema.get("type")
    return True if kind == "boolean" else len(name) if kind in ("integer", "number") else f"{name} ü"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
class TestMethod:
    @pytest.mark.parametrize("client", [Client, AsyncClient])
    def test_takes_what_the_operation_takes(self, client: Any, operation: Described) -> None:
        method = getattr(client, operation.name)
        taken = list(inspect.signature(method).parameters.values())[1:]
        assert {each.name: each.default is each.empty for each in taken} == operation.parameters()
        assert inspect.iscoroutinefunction(method) is (client is AsyncClient)
        assert method.__doc__
        # Optional parameters are keyword-only.
        assert all(each.kind is each.KEYWORD_ONLY for each in taken if each.default is not each.empty)

    def test_sends_it(self, operation: Described, scripted: Scripted) -> None:
        lists = "engines instances downloads users keys alerts audit sessions receivers files".split()
        server, bench = scripted(answer({name: [] for name in lists}))
        query = {name: sample(name, schema) for name, schema in operation.query.items()}
        headers = {name.lower().replace("-", "_"): f'"{name}"' for name in operation.headers}
        body = None if operation.body is None else {name: f"of {name}" for name in operation.body}
        fields: dict[str, Any] = {operation.field(name): value for name, value in (body or {}).items()}
        if operation.id in WHOLE:
            body = {"some": "document"}
            fields = {WHOLE[operation.id]: body}
        steps = {name: f"{name} /ü" for name in operation.steps}
        bench.call(operation.name, **steps, **fields, **query, **headers)
        sent = server.requests[0]
        target = re.sub(r"\{(\w+)\}", lambda step: quote(f"{step[1]} /ü", safe=""), operation.path)
        words = {name: str(value).lower() if value is True else str(value) for name, value in query.items()}
        assert (sent.method, urlsplit(sent.target).path) == (operation.method, target)
        assert dict(parse_qsl(urlsplit(sent.target).query)) == words
        assert (json.loads(sent.body) if sent.body else None) == body
        for name in operation.headers:
            assert sent.headers[name.lower()] == f'"{name}"'


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_there_is_no_other(client: Any) -> None:
    methods = {name for name in dir(client) if not name.startswith("_")}
    assert methods - OWN == {operation.name for operation in OPERATIONS}
    assert methods >= OWN


def test_both_clients_have_the_same(mode: str) -> None:
    for name in OWN - {"url"}:
        taken = [list(inspect.signature(getattr(client, name)).parameters) for client in (Client, AsyncClient)]
        assert taken[0] == taken[1], name


def test_version_is_that_of_the_project() -> None:
    assert __version__ == json.loads((ROOT / "package.json").read_text())["version"] == OPENAPI["info"]["version"]


def test_what_is_left_out_is_not_sent(scripted: Scripted) -> None:
    server, bench = scripted(*[answer({})] * 4)
    bench.call("stop_instance", "a")
    bench.call("stop_instance", "a", timeout=0)
    bench.call("update_instance", "a", group=None, port=0)
    bench.call("update_instance", "a")
    assert [sent.body for sent in server.requests] == ["", '{"timeout": 0}', '{"port": 0, "group": null}', "{}"]


def test_a_fleet_is_taken_as_an_object_and_as_text(scripted: Scripted) -> None:
    text = "instances: []\n"
    server, bench = scripted(answer({}), answer({}), answer({"instances": []}), answer("- yaml"))
    bench.call("apply_fleet", {"instances": []})
    bench.call("apply_fleet", text, dry_run=True)
    assert bench.call("export_fleet") == {"instances": []}
    assert bench.call("export_fleet_yaml") == '"- yaml"'
    assert [sent.body for sent in server.requests] == ['{"instances": []}', text, "", ""]
    kinds = [sent.headers.get("content-type") for sent in server.requests]
    assert kinds == ["application/json", "application/yaml", None, None]
    assert [sent.headers["accept"] for sent in server.requests[2:]] == ["application/json", "application/yaml"]
    assert server.targets[1] == "POST /api/apply?dry_run=true"


def test_a_server_that_starts_or_stops_says_so_without_an_error(scripted: Scripted) -> None:
    _, bench = scripted(answer({"status": "stopping"}, 503), answer({"status": "starting"}, 503))
    assert [bench.call("get_readiness").status, bench.call("get_health").status] == ["stopping", "starting"]


def test_any_request_tells_status_and_headers(scripted: Scripted) -> None:
    server, bench = scripted(answer({"name": "a"}, 201, ETag='"7"'))
    got = bench.call("request", "get", "/api/instances/a", query={"x": True, "y": None}, headers={"Accept": "a/b"})
    assert (got.status, got.headers["etag"], got.body) == (201, '"7"', {"name": "a"})
    assert server.targets == ["GET /api/instances/a?x=true"]
    assert server.requests[0].headers["accept"] == "a/b"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_no_name_leads_elsewhere(name: str, scripted: Scripted) -> None:
    server, bench = scripted()
    assert isinstance(raised(lambda: bench.call("get_instance", name)), ValueError)
    assert server.requests == []
