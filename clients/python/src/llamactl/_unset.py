"""The default of parameters for which `None` is a value."""

from __future__ import annotations

from enum import Enum
from typing import Any


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"


UNSET = Unset.UNSET
"""Leaves a setting as it is."""


def given(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not `None`."""
    return {name: value for name, value in fields.items() if value is not None}


def changed(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not `UNSET`; `None` is a value."""
    return {name: value for name, value in fields.items() if value is not UNSET}
