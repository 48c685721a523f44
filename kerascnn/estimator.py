"""A scikit-learn estimator whose arguments are the settings of a run."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any, TypeVar

from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags

from kerascnn import config as configuration
from kerascnn import models
from kerascnn.config import Config, SourceConfig, TrainingConfig, TransferConfig
from kerascnn.settings import Settings
from kerascnn.text.config import TextConfig
from kerascnn.utils.errors import InputError, list_choices

GROUPS = ("text", "network", "training", "transfer")
"""The groups of a run whose settings are arguments."""
EstimatorT = TypeVar("EstimatorT", bound="Estimator")


def _signature() -> inspect.Signature:
    """Every setting as one flat list of arguments, taken from the configuration, which alone holds the defaults."""
    defaults: dict[str, Any] = {"model": Config.model, "seed": Config.seed}
    defaults["validation_fraction"] = SourceConfig.validation_fraction
    defaults |= {f.name: f.default for kind in (TrainingConfig, TransferConfig) for f in dataclasses.fields(kind)}
    # the model decides over these
    groups: tuple[type[Settings], ...] = (TextConfig, *models.list_models().values())
    defaults |= {f.name: None for group in groups for f in dataclasses.fields(group)}
    return inspect.Signature(
        [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)]
        + [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value) for name, value in defaults.items()]
    )


class Estimator(ClassifierMixin, BaseEstimator):
    """Keeps settings as flat arguments, stored as given, so that ``clone`` and ``set_params`` work.

    Args:
        **settings: ``model``, ``seed``, ``validation_fraction``, and any setting of ``GROUPS`` by its plain name; None:
            the default of the model.
    """

    def __init__(self, **settings: Any) -> None:
        parameters = list(self._parameters())
        for name in settings:
            if name not in parameters:
                raise TypeError(f"no setting is called {name!r}{list_choices(name, parameters)}")
        for name, parameter in self._parameters().items():
            setattr(self, name, settings.get(name, parameter.default))

    __init__.__signature__ = _signature()  # type: ignore[attr-defined]

    @classmethod
    def _parameters(cls) -> dict[str, inspect.Parameter]:
        parameters = dict(inspect.signature(cls.__init__).parameters)
        del parameters["self"]
        return parameters

    def __sklearn_tags__(self) -> Tags:
        """What scikit-learn asks of an estimator: it takes a list of strings, and neither numbers nor tables."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = True
        tags.non_deterministic = not self.deterministic
        return tags

    @classmethod
    def from_config(cls: type[EstimatorT], config: Config[Any]) -> EstimatorT:
        """An untrained classifier with the settings of a whole run."""
        flat = {"model": config.model, "seed": config.seed, "validation_fraction": config.source.validation_fraction}
        for group in (config.text, config.network, config.training, config.transfer):
            flat |= {f.name: getattr(group, f.name) for f in dataclasses.fields(group)}
        classifier = cls(**flat)
        classifier._run = config
        return classifier

    def to_config(self) -> Config[Any]:
        """The whole run that the settings describe.

        Raises:
            InputError: A setting that cannot be used, or that the model does not have.
        """
        given = {name: value for name in self._parameters() if (value := getattr(self, name)) is not None}
        run: Config[Any] | None = getattr(self, "_run", None)
        base = (
            run
            if run is not None and run.model == self.model
            else configuration.default_config(self.model, self.init_from)
        )
        changes: dict[str, Any] = {"model": given.pop("model"), "seed": given.pop("seed")}
        changes["source"] = {"validation_fraction": given.pop("validation_fraction")}
        for group in GROUPS:
            names = {f.name for f in dataclasses.fields(getattr(base, group))}
            changes[group] = {name: given.pop(name) for name in list(given) if name in names}
        if given:
            names_of_network = [f.name for f in dataclasses.fields(base.network)]
            raise InputError(
                f"{base.model} has no setting {', '.join(map(repr, given))}; its own are {', '.join(names_of_network)}"
            )
        return base.replace_values(changes, "settings")
