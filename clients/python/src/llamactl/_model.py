"""What answers are made of."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

_Model = TypeVar("_Model", bound="Model")
_Convert = Callable[[Any], Any]


class Model:
    """An object of an answer: its fields are attributes, by the names that they have on the wire.

    A word of Python's own has a line behind it: `from_`. A field that may be absent is `None` then. What
    this version of the library does not know is kept too: `model["field"]` is any field as it was sent, `to_dict()` all
    of them.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self._read: dict[str, Any] = {}

    if not TYPE_CHECKING:
        # Hidden from type checkers, for which it would make every misspelling an attribute.
        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            if name not in self._read:
                self._read[name] = self._field(name)
            return self._read[name]

        def __setattr__(self, name: str, value: Any) -> None:
            if not name.startswith("_"):
                raise AttributeError(f"a {type(self).__name__} is what the server sent, and cannot be changed")
            super().__setattr__(name, value)

    def _field(self, name: str) -> Any:
        known = _fields(type(self)).get(_wire(name))
        if _wire(name) in self._data:
            value = self._data[_wire(name)]
            return value if known is None else known.convert(value)
        if known is not None and known.may_be_absent:
            return None
        raise AttributeError(f"this {type(self).__name__} has no {name!r}; the server sent {', '.join(self._data)}")

    def __getitem__(self, name: str) -> Any:
        return self._data[name]

    def __contains__(self, name: object) -> bool:
        return name in self._data

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def to_dict(self) -> dict[str, Any]:
        """Everything as it was sent."""
        return dict(self._data)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._data == self._data

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self._data.items())
        return f"{type(self).__name__}({fields})"

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._data, *_fields(type(self))})


class _Field:
    __slots__ = ("convert", "literals", "may_be_absent")

    def __init__(self, hint: Any) -> None:
        members = _members(hint)
        self.may_be_absent = type(None) in members
        self.convert: _Convert = _converter(hint) or _as_it_is
        self.literals = get_args(hint) if get_origin(hint) is Literal else None


def _wire(name: str) -> str:
    """A word of Python's own has a line behind it: `from_`."""
    return name.removesuffix("_")


# Read once: of each class that was met.
_KNOWN: dict[type[Model], dict[str, _Field]] = {}


def _fields(model: type[Model]) -> dict[str, _Field]:
    if model not in _KNOWN:
        hints = get_type_hints(model).items()
        _KNOWN[model] = {_wire(name): _Field(hint) for name, hint in hints if not name.startswith("_")}
    return _KNOWN[model]


def model_of(union: Any, data: Mapping[str, Any]) -> Any:
    """The one of several models that an object is; a bare `Model` if it is none that is known."""
    for model in _members(union):
        if _is_one(model, data):
            return model(data)
    return Model(data)


def _is_one(model: type[Model], data: Mapping[str, Any]) -> bool:
    return all(
        field.may_be_absent if name not in data else field.literals is None or data[name] in field.literals
        for name, field in _fields(model).items()
    )


def _members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _converter(hint: Any) -> _Convert | None:
    """What makes of a value what a hint says; `None`: nothing has to be made of it."""
    if isinstance(hint, type) and get_origin(hint) is None and issubclass(hint, Model):
        return _whole(hint)
    if get_origin(hint) is list:
        return _each_of_list(_converter(get_args(hint)[0]))
    if get_origin(hint) is dict:
        return _each_of_dict(_converter(get_args(hint)[1]))
    converters = [each for member in _members(hint) if member is not hint and (each := _converter(member))]
    if len(converters) > 1:
        return lambda value: model_of(hint, value) if isinstance(value, dict) else value
    return converters[0] if converters else None


def _whole(model: type[_Model]) -> _Convert:
    return lambda value: model(value) if isinstance(value, dict) else value


def _each_of_list(convert: _Convert | None) -> _Convert | None:
    if convert is None:
        return None
    return lambda value: [convert(each) for each in value] if isinstance(value, list) else value


def _each_of_dict(convert: _Convert | None) -> _Convert | None:
    if convert is None:
        return None
    return lambda value: {name: convert(each) for name, each in value.items()} if isinstance(value, dict) else value


def _as_it_is(value: Any) -> Any:
    return value
