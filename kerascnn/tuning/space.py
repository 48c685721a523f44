"""Search spaces: a YAML file with choices or a range for each setting to search."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerascnn import config as configuration
from kerascnn.config import TRAINING_GROUPS, Config
from kerascnn.settings import Settings
from kerascnn.utils.errors import InputError, did_you_mean, list_choices

RANGE_KEYS = ("min", "max", "step", "scale")
_REMEDY = "give choices [64, 100] or a range {min: 0.1, max: 0.6, step: 0.1} or {min: 0.0001, max: 0.01, scale: log}"


@dataclass(frozen=True)
class Choices:
    """A setting with a few values of any type; KerasTuner searches over their positions, from 0."""

    values: tuple[Any, ...]

    def declare(self, name: str, hyperparameters: Any) -> None:
        """Add the setting to KerasTuner's ``HyperParameters``, whose own choices can only be numbers or strings."""
        hyperparameters.Choice(name, list(range(len(self.values))))

    def to_setting(self, value: int) -> Any:
        """Convert a value of KerasTuner to the setting."""
        return self.values[value]


@dataclass(frozen=True)
class Range:
    """A setting between two numbers, both included; whole numbers if both ends are."""

    low: float
    high: float
    log: bool = False
    """Search on a logarithmic scale."""

    def declare(self, name: str, hyperparameters: Any) -> None:
        """Add the setting to KerasTuner's ``HyperParameters``."""
        is_whole = isinstance(self.low, int) and isinstance(self.high, int)
        add = hyperparameters.Int if is_whole else hyperparameters.Float
        add(name, self.low, self.high, sampling="log" if self.log else "linear")

    def to_setting(self, value: float) -> float:
        """Convert a value of KerasTuner to the setting: rounded to four significant digits, within the range."""
        # KerasTuner's Bayesian optimization can exceed the upper end a little
        return min(max(value if isinstance(value, int) else float(f"{value:.4g}"), self.low), self.high)


@dataclass(frozen=True)
class SearchSpace:
    """The settings to search, by dotted name."""

    dimensions: dict[str, Choices | Range]

    def declare(self, hyperparameters: Any) -> None:
        """Add all settings to KerasTuner's ``HyperParameters``."""
        for name, dimension in self.dimensions.items():
            dimension.declare(name, hyperparameters)

    def to_settings(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Convert values of KerasTuner to settings, by dotted name."""
        return {name: dimension.to_setting(values[name]) for name, dimension in self.dimensions.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            name: list(dimension.values) if isinstance(dimension, Choices) else dataclasses.asdict(dimension)
            for name, dimension in self.dimensions.items()
        }


def apply_settings(config: Config[Any], settings: Mapping[str, Any], where: str) -> Config[Any]:
    """Return a configuration with other settings.

    Args:
        config: Settings of a run.
        settings: New values, by dotted name.
        where: Where the values come from, for messages.

    Raises:
        InputError: A value is invalid, or settings conflict.
    """
    groups: dict[str, dict[str, Any]] = {}
    for name, value in settings.items():
        group, _, key = name.partition(".")
        groups.setdefault(group, {})[key] = value
    return config.replace_values(groups, where)


def read_space(path: str | Path, config: Config[Any]) -> SearchSpace:
    """Read a search space: choices or a range for each dotted name.

    Args:
        path: YAML file.
        config: Settings of the run. Each choice, and both ends of a range, have to be valid in it.

    Raises:
        InputError: The file cannot be read, a name is unknown (the message suggests a similar one), or a value is
            invalid. The message names the file, the setting and the value.
    """
    content = configuration.load_yaml(path)
    if not content:
        raise InputError(f"{path}: expected settings as 'network.filters: [64, 100]'")
    dimensions = {}
    for name, value in content.items():
        current = _current_value(str(path), str(name), config)
        dimensions[name] = dimension = _parse_dimension(f"{path}: {name}", str(name), value, current)
        values = dimension.values if isinstance(dimension, Choices) else (dimension.low, dimension.high)
        for tested in values:
            apply_settings(config, {name: tested}, str(path))
    return SearchSpace(dimensions)


def _current_value(path: str, name: str, config: Config[Any]) -> Any:
    """Return the value of a setting in the run."""
    known = config.flatten(TRAINING_GROUPS)
    if name in known:
        return known[name]
    group, _, key = name.partition(".")
    if group not in TRAINING_GROUPS:
        full_names = [other for other in known if other.partition(".")[2] == name]
        hint = f"; did you mean {full_names[0]!r}?" if full_names else did_you_mean(name, known)
        raise InputError(
            f"{path}: {name!r} cannot be searched; settings of {', '.join(TRAINING_GROUPS)} can, written as"
            f" network.filters{hint}"
        )
    if not key:
        example = next(other for other in known if other.startswith(name))
        raise InputError(f"{path}: {name!r} is a group of settings; write each setting as {example}")
    settings = getattr(config, group)
    assert isinstance(settings, Settings)
    keys = [field.name for field in dataclasses.fields(settings)]
    owner = f" of {config.model}" if group in ("network", "text") else ""
    raise InputError(f"{path}: no setting{owner} is called {name!r}{list_choices(key, keys)}")


def _parse_dimension(where: str, name: str, value: Any, current: Any) -> Choices | Range:
    """Parse the choices or the range of a setting."""
    if isinstance(value, list):
        choices = [_parse_number(choice, current) for choice in value]
        if not choices:
            raise InputError(f"{where}: no choices; {_REMEDY}")
        if repeated := [choice for i, choice in enumerate(choices) if choice in choices[:i]]:
            raise InputError(f"{where}: {repeated[0]!r} is listed twice; list each choice once")
        return Choices(tuple(choices))
    if isinstance(value, Mapping):
        return _parse_range(where, value, current)
    raise InputError(f"{where}: {value!r} is a single value; {_REMEDY}, or leave it out and use --{name}")


def _parse_range(where: str, values: Mapping[str, Any], current: Any) -> Choices | Range:
    """Parse a range; a range with steps becomes choices."""
    for key in values:
        if key not in RANGE_KEYS:
            raise InputError(f"{where}: a range has no {key!r}{list_choices(str(key), RANGE_KEYS)}")
    if isinstance(current, (bool, str, list)):
        raise InputError(f"{where}: its values are not numbers ({current!r}); list choices instead of a range")
    low, high = (_parse_bound(where, values, key, current) for key in ("min", "max"))
    scale = values.get("scale", "linear")
    if scale not in ("linear", "log"):
        raise InputError(f"{where}: scale is {scale!r}; use linear or log")
    if not low < high:
        raise InputError(f"{where}: min {low} is not below max {high}")
    if scale == "log" and (low <= 0 or "step" in values):
        raise InputError(f"{where}: scale log needs min above 0 and no step; list choices instead of steps")
    if "step" in values:
        return _list_steps(where, low, high, _parse_bound(where, values, "step", current))
    if isinstance(current, float):
        low, high = float(low), float(high)
    return Range(low, high, scale == "log")


def _parse_bound(where: str, values: Mapping[str, Any], key: str, current: Any) -> float:
    number = _parse_number(values.get(key), current)
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
        raise InputError(f"{where}: {key} is {values.get(key)!r}; {_REMEDY}")
    return number


def _list_steps(where: str, low: float, high: float, step: float) -> Choices:
    if not 0 < step <= high - low:
        raise InputError(f"{where}: step {step} is not between 0 and max - min; {_REMEDY}")
    # KerasTuner's own steps do not allow for rounding: they omit the last of 0.1, 0.2, ..., 0.6
    count = int((high - low) / step + 1e-9) + 1
    return Choices(tuple(_round_sum(low + i * step) for i in range(count)))


def _round_sum(value: float) -> float:
    """Remove the rounding error of a sum."""
    return value if isinstance(value, int) else float(f"{value:.10g}")


def _parse_number(value: Any, current: Any) -> Any:
    """Convert a string to a number if the setting is a number: YAML reads 1e-4, without a point, as a string."""
    if isinstance(value, str) and isinstance(current, (int, float)) and not isinstance(current, bool):
        try:
            return float(value)
        except ValueError:
            return value
    return value
