"""The base class of models."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

_Model = TypeVar("_Model", bound="Model")
_Convert = Callable[[Any], Any]


class Model:
    """An object of an answer. Its fields are attributes with the names of the API.

    A keyword of Python gets an underscore at its end: `from_`. An absent optional field is `None`. The object also
    keeps fields that this version of the library does not know: `model["field"]` returns any field as received,
    `to_dict()` returns all fields.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self._read: dict[str, Any] = {}

    if not TYPE_CHECKING:
        # Hidden from type checkers, because it would make them accept every misspelled attribute.
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
        """Return all fields as received."""
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
    """The name of the field for an attribute. A keyword of Python has an underscore at its end: `from_`."""
    return name.removesuffix("_")


# The hints of each class, which are read only once.
_KNOWN: dict[type[Model], dict[str, _Field]] = {}


def _fields(model: type[Model]) -> dict[str, _Field]:
    if model not in _KNOWN:
        hints = get_type_hints(model).items()
        _KNOWN[model] = {_wire(name): _Field(hint) for name, hint in hints if not name.startswith("_")}
    return _KNOWN[model]


def model_of(union: Any, data: Mapping[str, Any]) -> Any:
    """Return an object as the matching one of several models, or as a bare `Model` if none matches."""
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
    """Return a function that converts a value to the type of a hint; `None`: no conversion is needed."""
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
