"""What answers are made of."""

from __future__ import annotations

import copy
import pickle

import pytest

from llamactl import models
from llamactl._model import Model, model_of

INSTANCE = {
    "name": "a",
    "status": "failed",
    "last_exit": {"code": 1, "signal": None, "lines": ["x"]},
    "stats": None,
    "brand_new": {"x": 1},
}


def test_fields_are_attributes_and_objects_inside_are_models_too() -> None:
    instance = models.Instance(INSTANCE)
    assert (instance.name, instance.status, instance.stats) == ("a", "failed", None)
    assert isinstance(instance.last_exit, models.LastExit)
    assert (instance.last_exit.code, instance.last_exit.lines) == (1, ["x"])
    assert instance.last_exit is instance.last_exit


def test_what_may_be_absent_is_none_and_what_may_not_is_told() -> None:
    instance = models.Instance(INSTANCE)
    assert instance.model_path is None
    with pytest.raises(AttributeError, match="this Instance has no 'port'; the server sent name, status"):
        _ = instance.port
    with pytest.raises(AttributeError):
        _ = instance.nmae  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        instance.name = "b"


def test_what_is_not_known_is_kept() -> None:
    instance = models.Instance(INSTANCE)
    assert instance["brand_new"] == {"x": 1}
    assert "brand_new" in instance
    assert "port" not in instance
    assert instance.to_dict() == INSTANCE
    assert {"brand_new", "name", "port", "to_dict"} <= set(dir(instance))


def test_they_are_values() -> None:
    instance = models.Instance(INSTANCE)
    assert instance == models.Instance(dict(INSTANCE))
    assert instance != models.InstanceSummary(INSTANCE)
    assert repr(models.Probe({"status": "ok"})) == "Probe(status='ok')"
    for other in (copy.copy(instance), copy.deepcopy(instance), pickle.loads(pickle.dumps(instance))):
        assert other == instance
        assert other.status == "failed"


def test_a_word_of_pythons_own() -> None:
    assert models.ConfigSource({"from": "file", "line": 3}).from_ == "file"


def test_lists_and_maps_of_models() -> None:
    applied = models.Applied({"results": [{"name": "a", "action": "create"}]})
    assert [type(step) for step in applied.results] == [models.FleetStep]
    view = models.ConfigView({"sources": {"server.port": {"from": "flag"}}, "config": {"server": {"port": 1}}})
    assert view.sources["server.port"].from_ == "flag"
    assert view.config.server.port == 1


def test_one_of_several() -> None:
    gap = model_of(models.LogItem, {"gap": {"from_seq": 1, "to_seq": 2}})
    assert isinstance(gap, models.LogGap)
    assert gap.gap.to_seq == 2
    line = model_of(models.LogItem, {"timestamp": "t", "level": "info", "message": "m", "seq": 3})
    assert isinstance(line, models.LogEntry)
    common = {"timestamp": "t", "seq": 4}
    changed = model_of(models.Frame, {"type": "instance_deleted", "data": {"name": "a"}, **common})
    assert isinstance(changed, models.InstanceDeletedEvent)
    # Of a newer server.
    unknown = model_of(models.Frame, {"type": "something_else", "data": {"x": 1}, **common})
    assert type(unknown) is Model
    assert (unknown["type"], unknown["data"]) == ("something_else", {"x": 1})
