"""The base of all groups of settings: checks of values, and conversion to and from plain dictionaries (YAML, JSON)."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import annotated_types
import tyro

from kerascnn.utils import argument_names
from kerascnn.utils.arguments import shorten
from kerascnn.utils.errors import InputError, list_choices
from kerascnn.utils.value_types import check_type

Fraction = Annotated[float, annotated_types.Interval(ge=0, le=1)]
"""A float from 0 to 1."""
Rate = Annotated[float, annotated_types.Interval(ge=0, lt=1)]
"""A dropout rate, from 0 to below 1."""
PositiveInt = Annotated[int, annotated_types.Ge(1)]
"""An integer of at least 1."""
NonNegativeInt = Annotated[int, annotated_types.Ge(0)]
"""An integer of at least 0."""
Seed = Annotated[int, annotated_types.Ge(0), annotated_types.Le(2**32 - 1)]
"""A seed that NumPy accepts."""
NonNegativeFloat = Annotated[float, annotated_types.Ge(0)]
"""A float of at least 0."""
DataSources = Annotated[tuple[str, ...], tyro.conf.arg(metavar="DATA [DATA ...]")]
"""Files or other sources of rows."""
FileName = Annotated[str, tyro.conf.arg(metavar="FILE")]
"""Path of a file."""
FolderName = Annotated[str, tyro.conf.arg(metavar="FOLDER")]
"""Path of a folder."""

LARGEST_INT = 2**31 - 1
"""Largest whole number of a setting without a bound of its own."""

SettingsT = TypeVar("SettingsT", bound="Settings")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A group of settings: a frozen dataclass that checks its values when it is created.

    Raises:
        InputError: A value has the wrong type or is out of range; the message names the setting and the value.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        argument_names.add_settings(cls.__annotations__)

    def __post_init__(self) -> None:
        for name, hint in _get_hints(type(self)).items():  # type: ignore[arg-type]
            _check_value(name, getattr(self, name), hint)

    def to_dict(self) -> dict[str, Any]:
        """Return a nested dictionary of plain values, with lists for tuples as in YAML and JSON."""
        return {name: _to_plain(value) for name, value in dataclasses.asdict(self).items()}

    def list_changed(self, names: Iterable[str]) -> list[str]:
        """Return which of some settings differ from their defaults."""
        defaults = type(self)()
        return [name for name in names if getattr(self, name) != getattr(defaults, name)]

    def replace_values(self: SettingsT, values: Mapping[str, Any], where: str) -> SettingsT:
        """Return a copy with other values.

        Args:
            values: Field names to values; the value of a group is a dictionary.
            where: Where the values come from (a file name), for messages.

        Raises:
            InputError: A key is unknown (the message suggests the nearest one), or a value is invalid.
        """
        if not isinstance(values, Mapping):
            raise InputError(f"{where}: expected settings as 'key: value', found {values!r}")
        names = [field.name for field in dataclasses.fields(self)]
        changes: dict[str, Any] = {}
        for key, value in values.items():
            if key not in names:
                raise InputError(f"{where}: no setting is called {key!r}{list_choices(str(key), names)}")
            current = getattr(self, key)
            changes[key] = (
                current.replace_values(value, f"{where}: {key}") if isinstance(current, Settings) else _to_python(value)
            )
        try:
            return dataclasses.replace(self, **changes)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None


def _to_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _to_plain(item) for key, item in value.items()}
    return [_to_plain(item) for item in value] if isinstance(value, (tuple, list)) else value


def _to_python(value: Any) -> Any:
    """Return numbers and arrays of NumPy as those of Python, lists as tuples, and paths as strings."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if type(value).__module__ == "numpy":
        value = value.tolist()
    return tuple(map(_to_python, value)) if isinstance(value, (list, tuple)) else value


@functools.cache
def _get_hints(group: type[Settings]) -> dict[str, Any]:
    """Return the type hints of the values of a group; groups inside it check themselves."""
    hints = get_type_hints(group, include_extras=True)
    own = {field.name: hints[field.name] for field in dataclasses.fields(group)}
    return {name: hint for name, hint in own.items() if get_origin(hint) is not None or hint in (int, float, str, bool)}


def _check_value(name: str, value: Any, hint: Any) -> None:
    kind, *constraints = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    try:
        check_type(value, kind)
    except TypeError as error:
        raise InputError(f"{name}: {shorten(value)}: {error}") from None
    largest: Any = next((bound.le for bound in constraints if isinstance(bound, annotated_types.Le)), LARGEST_INT)
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, bool) and kind is not bool:
            raise InputError(f"{name}: {number} is not a number")
        if isinstance(number, float) and not math.isfinite(number):
            raise InputError(f"{name}: {number} is not a finite number")
        if isinstance(number, int) and abs(number) > largest:
            raise InputError(f"{name}: {number} is too large; numbers go up to {largest}")
    for constraint in constraints:
        for bound in constraint if isinstance(constraint, annotated_types.GroupedMetadata) else (constraint,):
            if isinstance(bound, annotated_types.Ge) and value < bound.ge:
                raise InputError(f"{name}: {value!r} is below {bound.ge}")
            if isinstance(bound, annotated_types.Le) and value > bound.le:
                raise InputError(f"{name}: {value!r} is above {bound.le}")
            if isinstance(bound, annotated_types.Gt) and value <= bound.gt:
                raise InputError(f"{name}: {value!r} is not above {bound.gt}")
            if isinstance(bound, annotated_types.Lt) and value >= bound.lt:
                raise InputError(f"{name}: {value!r} is not below {bound.lt}")
