"""The metadata of a model card: the YAML at its beginning that the Hugging Face Hub reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import yaml

from kerascnn.data.records import TAGGING_TASK
from kerascnn.models import list_models, list_taggers
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    from kerascnn.bundle import Bundle
    from kerascnn.tagger_bundle import TaggerBundle

FOLDER_PLACEHOLDER = "PATH OF THIS FOLDER"
"""Stands for the folder in the usage of the card; an upload replaces it by the address of the repository."""
TAGS = ("kerascnn", "keras", "tensorflow")
"""Tags of every model."""
TEXT_CLASSIFICATION, TOKEN_CLASSIFICATION = "text-classification", "token-classification"
"""Tasks of the Hub."""
MEASURED = ("library_name", "pipeline_tag", "tags", "metrics", "model-index")
"""Keys that belong to one bundle, which a new one without them does not inherit."""
METRIC_TYPES = {
    "accuracy": "accuracy", "macro_f1": "f1", "micro_f1": "f1", "token_accuracy": "accuracy", "f1": "f1",
}  # fmt: skip
"""Key of a metric in ``metrics.json`` to its name on the Hub."""
LISTS = ("tags", "language", "datasets", "metrics")
"""Keys whose values are lists; given values are added to ``tags`` and replace the others."""
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?P<yaml>.*?)\n---[ \t]*(\n+|\Z)", re.DOTALL)
_NO_IDENTIFIER = re.compile(r"[^\w.-]+", re.ASCII)


def build_metadata(bundle: Bundle | TaggerBundle) -> dict[str, Any]:
    """Return the metadata of a classifier or tagger; nothing of it is a text of the user.

    The license is left out: only the user knows it.
    """
    task = TOKEN_CLASSIFICATION if bundle.task.name == TAGGING_TASK else TEXT_CLASSIFICATION
    metadata: dict[str, Any] = {
        **({"language": bundle.languages} if bundle.languages else {}),
        "library_name": "kerascnn",
        "pipeline_tag": task,
        "tags": [*TAGS, task, bundle.config.model],
    }
    split = next((name for name in ("test", "validation") if name in bundle.metrics), None)
    if not split or not bundle.data:
        return metadata
    results, titles = bundle.metrics[split], bundle.task.metric_titles
    measured = [(key, kind) for key, kind in METRIC_TYPES.items() if key in titles and key in results]
    name = ", ".join(bundle.data.get(split, {}).get("sources") or bundle.config.data)
    return metadata | {
        "metrics": list(dict.fromkeys(kind for _, kind in measured)),
        "model-index": [{
            "name": f"{bundle.config.model} for {name}",
            "results": [{
                "task": {"type": task, "name": task.replace("-", " ").capitalize()},
                "dataset": {"name": name, "type": _to_identifier(name), "split": split},
                "metrics": [
                    {"type": kind, "name": titles[key], "value": round(results[key], 4)} for key, kind in measured
                ],
            }],
        }],
    }  # fmt: skip


def _to_identifier(name: str) -> str:
    """Return a name that the Hub accepts as that of a data set: letters, digits, dots, hyphens and underscores."""
    return _NO_IDENTIFIER.sub("-", name).strip("-.") or "data"


def build_encoder_metadata(model: str) -> dict[str, Any]:
    """Return the metadata of a pretrained encoder, which has no task of the Hub yet."""
    return {"library_name": "kerascnn", "tags": [*TAGS, model]}


def format_metadata(metadata: Mapping[str, Any]) -> str:
    """Return metadata as the beginning of a page."""
    content = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{content}---\n"


def split_card(card: str) -> tuple[dict[str, Any], str]:
    """Return metadata and text of a model card; without metadata an empty dictionary and the whole card.

    Raises:
        InputError: The metadata is not YAML.
    """
    card = card.removeprefix("\ufeff").replace("\r\n", "\n")
    if not (match := _FRONT_MATTER.match(card)):
        return {}, card
    try:
        metadata = yaml.safe_load(match["yaml"])
    except (yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"README.md: the lines between --- are not YAML ({reason[:200]}); correct them") from None
    return metadata if isinstance(metadata, dict) else {}, card[match.end() :]


def merge_cards(card: str, old: str, *, keep_text: bool = False) -> str:
    """Return a model card with what people added to the metadata of the one that it replaces: tags, and further keys.

    Args:
        card: The new card.
        old: The card that it replaces.
        keep_text: Keep the text of the old card, too.

    Raises:
        InputError: The metadata of one of them is not YAML.
    """
    (metadata, text), (found, found_text) = split_card(card), split_card(old)
    added = {key: value for key, value in found.items() if key not in (*metadata, *MEASURED)}
    tags, old_tags = metadata.get("tags") or [], found.get("tags") or []
    tags, old_tags = ([value] if isinstance(value, str) else list(value) for value in (tags, old_tags))
    known = (*TAGS, TEXT_CLASSIFICATION, TOKEN_CLASSIFICATION, *list_models(), *list_taggers())
    tags += [tag for tag in old_tags if tag not in (*tags, *known)]
    merged = {**metadata, **({"tags": tags} if tags else {}), **added}
    text = found_text if keep_text else text
    return f"{format_metadata(merged)}\n{text}" if merged else text


def merge_metadata(card: str, given: Mapping[str, Any]) -> str:
    """Return a model card with further metadata.

    Args:
        card: The card.
        given: Key to value; None is left out. ``tags`` are added, other keys replaced; one value of a list is enough.
    """
    metadata, text = split_card(card)
    for key, value in given.items():
        if value is None:
            continue
        if key in LISTS:
            values: Sequence[Any] = [value] if isinstance(value, str) else list(value)
            present = metadata.get(key) or [] if key == "tags" else []
            value = list(dict.fromkeys([*([present] if isinstance(present, str) else present), *values]))
        metadata[key] = value
    return f"{format_metadata(metadata)}\n{text}" if metadata else text
