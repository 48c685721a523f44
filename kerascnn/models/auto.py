"""``auto``: a model that is chosen for the training data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import tyro

from kerascnn.models.base import ModelConfig
from kerascnn.models.built_model import BuiltModel
from kerascnn.utils.errors import InputError

Budget = Literal["small", "fast", "accurate"]


@dataclass(frozen=True, kw_only=True)
class AutoModel(ModelConfig):
    """The model that suits the training data and a budget; ``kerascnn.selection`` chooses it when training starts.

    It is not a registered architecture: a bundle has the chosen model and its settings.
    """

    paper: ClassVar[str] = "docs/choosing_a_model.md"
    good_for: ClassVar[str] = "a choice from rows, language and installed packages, with few rows by cross-validation"
    parameter_count: ClassVar[int] = 0
    linear_vectors: ClassVar[bool] = True
    """Vectors may be given: candidates that cannot use them are left out."""
    has_sentence_vector: ClassVar[bool] = True
    """transfer.contrastive may be always: candidates without sentence vectors are left out."""

    budget: Annotated[Budget, tyro.conf.arg(aliases=("--budget",))] = "small"
    """What the chosen model may cost. small: no pretrained encoder, which would be in the bundle. fast: trained in
    seconds, too. accurate: also models over an installed pretrained encoder."""

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Raise an ``InputError``: a model has to be chosen first."""
        raise InputError("model auto: a model is chosen when a TextClassifier is trained; give another --model here")
