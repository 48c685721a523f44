"""What a search may change: a YAML file of settings, each with choices or a range."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerascnn import config as configuration
from kerascnn.config import Config
from kerascnn.settings import Settings
from kerascnn.utils.errors import InputError, did_you_mean, list_choices

GROUPS = ("text", "network", "training", "transfer")
"""The groups whose settings may be searched: all that is not where the rows come from."""
BOUNDS = ("min", "max", "step", "scale")
REMEDY = "give choices [64, 100] or a range {min: 0.1, max: 0.6, step: 0.1} or {min: 0.0001, max: 0.01, scale: log}"


@dataclass(frozen=True)
class Choices:
    """A setting with a few values, of any kind; an algorithm knows them by their place, from 0."""

    values: tuple[Any, ...]

    def declare(self, name: str, hyperparameters: Any) -> None:
        """Add it to KerasTuner's ``HyperParameters``, whose own choices must be single numbers or words."""
        hyperparameters.Choice(name, list(range(len(self.values))))

    def to_setting(self, value: int) -> Any:
        """What an algorithm's value stands for."""
        return self.values[value]


@dataclass(frozen=True)
class Range:
    """A setting with a smallest and a largest value; whole numbers where both are."""

    low: float
    high: float
    log: bool = False
    """Equal ratios are equally likely, in place of equal differences."""

    def declare(self, name: str, hyperparameters: Any) -> None:
        """Add it to KerasTuner's ``HyperParameters``."""
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        kind = hyperparameters.Int if whole else hyperparameters.Float
        kind(name, self.low, self.high, sampling="log" if self.log else "linear")

    def to_setting(self, value: float) -> float:
        """What an algorithm's value stands for: four digits, which people can read, are enough."""
        # KerasTuner's Bayesian optimization steps a little over the upper end
        return min(max(value if isinstance(value, int) else float(f"{value:.4g}"), self.low), self.high)


@dataclass(frozen=True)
class SearchSpace:
    """All settings that a search may change, by their dotted names."""

    dimensions: dict[str, Choices | Range]

    def declare(self, hyperparameters: Any) -> None:
        """Add all to KerasTuner's ``HyperParameters``."""
        for name, dimension in self.dimensions.items():
            dimension.declare(name, hyperparameters)

    def to_settings(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What an algorithm's values stand for, by dotted name."""
        return {name: dimension.to_setting(values[name]) for name, dimension in self.dimensions.items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        return {
            name: list(dimension.values) if isinstance(dimension, Choices) else dataclasses.asdict(dimension)
            for name, dimension in self.dimensions.items()
        }


def apply_settings(config: Config[Any], settings: Mapping[str, Any], where: str) -> Config[Any]:
    """A run with other settings, given by their dotted names.

    Raises:
        InputError: They cannot be used together, or one of them not at all.
    """
    groups: dict[str, dict[str, Any]] = {}
    for name, value in settings.items():
        group, _, key = name.partition(".")
        groups.setdefault(group, {})[key] = value
    return config.replace_values(groups, where)


def read_space(path: str | Path, config: Config[Any]) -> SearchSpace:
    """Read a space: dotted names of settings to choices or a range.

    Args:
        path: YAML file.
        config: The run whose settings it changes; each choice and both ends of a range are tried on it.

    Raises:
        InputError: The file cannot be read, a name is unknown (the nearest right one is named), or a value cannot be
            used; the message names file, setting and value.
    """
    content = configuration.load_yaml(path)
    if not isinstance(content, Mapping) or not content:
        raise InputError(f"{path}: expected settings as 'network.filters: [64, 100]'")
    dimensions = {}
    for name, given in content.items():
        present = _current_value(str(path), str(name), config)
        dimensions[name] = dimension = _parse_dimension(f"{path}: {name}", given, present)
        ends = dimension.values if isinstance(dimension, Choices) else (dimension.low, dimension.high)
        for value in ends:
            apply_settings(config, {name: value}, str(path))
    return SearchSpace(dimensions)


def _current_value(path: str, name: str, config: Config[Any]) -> Any:
    """The value that a setting has in the run."""
    known = config.flatten(GROUPS)
    if name in known:
        return known[name]
    group, _, key = name.partition(".")
    if group not in GROUPS:
        whole = [other for other in known if other.partition(".")[2] == name]
        raise InputError(
            f"{path}: {name!r} cannot be searched; settings of {', '.join(GROUPS)} can, written as network.filters"
            f"{did_you_mean(name, known) if not whole else f'; did you mean {whole[0]!r}?'}"
        )
    if not key:
        raise InputError(
            f"{path}: {name!r} is a group of settings; write each as {next(n for n in known if n.startswith(name))}"
        )
    within = getattr(config, group)
    assert isinstance(within, Settings)
    keys = [field.name for field in dataclasses.fields(within)]
    of = f" of {config.model}" if group in ("network", "text") else ""
    raise InputError(f"{path}: no setting{of} is called {name!r}{list_choices(key, keys)}")


def _parse_dimension(where: str, given: Any, present: Any) -> Choices | Range:
    """The choices or the range that a file gives for a setting."""
    if isinstance(given, list):
        values = [_parse_number(value, present) for value in given]
        if not values:
            raise InputError(f"{where}: no choices; {REMEDY}")
        if repeated := [value for i, value in enumerate(values) if value in values[:i]]:
            raise InputError(f"{where}: {repeated[0]!r} stands there twice; give each choice once")
        return Choices(tuple(values))
    if isinstance(given, Mapping):
        return _parse_range(where, given, present)
    raise InputError(
        f"{where}: {given!r} is a single value; {REMEDY}, or leave it out and give --{where.split(': ')[1]}"
    )


def _parse_range(where: str, given: Mapping[str, Any], present: Any) -> Choices | Range:
    for key in given:
        if key not in BOUNDS:
            raise InputError(f"{where}: a range has no {key!r}{list_choices(str(key), BOUNDS)}")
    if isinstance(present, (bool, str, list)):
        raise InputError(f"{where}: its values are no numbers ({present!r}); list choices in place of a range")
    numbers = {
        key: _parse_number(given.get(key), present)
        for key in ("min", "max", "step")
        if key == "step" in given or key != "step"
    }
    for key, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise InputError(f"{where}: {key} is {given.get(key)!r}; {REMEDY}")
    low, high, step = numbers["min"], numbers["max"], numbers.get("step")
    scale = given.get("scale", "linear")
    if scale not in ("linear", "log"):
        raise InputError(f"{where}: scale is {scale!r}; it is linear or log")
    if not low < high:
        raise InputError(f"{where}: min {low} is not below max {high}")
    if scale == "log" and (low <= 0 or step is not None):
        raise InputError(f"{where}: scale log wants min above 0 and no step; list choices in place of steps")
    if step is not None:
        if not 0 < step <= high - low:
            raise InputError(f"{where}: step {step} does not lie between 0 and max - min; {REMEDY}")
        # KerasTuner counts steps without regard to rounding and leaves out the last of 0.1, 0.2, ..., 0.6
        count = int((high - low) / step + 1e-9) + 1
        return Choices(tuple(_round_sum(low + i * step) for i in range(count)))
    if isinstance(present, float):
        low, high = float(low), float(high)
    return Range(low, high, scale == "log")


def _round_sum(value: float) -> float:
    """A number without the dust of its addition."""
    return value if isinstance(value, int) else float(f"{value:.10g}")


def _parse_number(value: Any, present: Any) -> Any:
    """A number where one belongs: YAML takes 1e-4, without a point, for a word."""
    if isinstance(value, str) and isinstance(present, (int, float)) and not isinstance(present, bool):
        try:
            return float(value)
        except ValueError:
            return value
    return value
