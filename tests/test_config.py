"""The settings: YAML, defaults, checks and help texts."""

import ast
import dataclasses
import inspect
from pathlib import Path

import pytest
import yaml

import pipelines
from kerascnn import config as configuration
from kerascnn import list_models, models
from kerascnn.config import Config, DistillationConfig, TrainingConfig
from kerascnn.data.config import SourceConfig
from kerascnn.text.config import TextConfig
from kerascnn.utils.errors import InputError

GROUPS = [SourceConfig, TextConfig, TrainingConfig, DistillationConfig, *list_models().values()]


@pytest.mark.parametrize("model", list_models())
def test_yaml_round_trip_keeps_the_config(model, tmp_path):
    run = configuration.default_config(model).replace_values(
        {"training": {"learning_rate": 3e-4}, "data": ["新闻.csv"]}, "test"
    )
    configuration.save_yaml(run, tmp_path / "run.yaml")
    assert configuration.config_from_dict(configuration.load_yaml(tmp_path / "run.yaml"), "run.yaml") == run


def test_yaml_has_every_setting_under_its_field_name(tmp_path):
    run = configuration.default_config("word_cnn")
    configuration.save_yaml(run, tmp_path / "run.yaml")
    written = yaml.safe_load((tmp_path / "run.yaml").read_text(encoding="utf-8"))
    assert set(written) == {field.name for field in dataclasses.fields(Config)}
    for group in ("source", "text", "network", "training", "distillation"):
        assert set(written[group]) == {field.name for field in dataclasses.fields(getattr(run, group))}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"training": {"epoch": 3}}, "run.yaml: training: no setting is called 'epoch'; did you mean 'epochs'"),
        ({"modle": "word_cnn"}, "no setting is called 'modle'; did you mean 'model'?"),
        ({"model": "word_cn"}, "no model is called 'word_cn'; did you mean 'word_cnn' or 'id_cnn'?"),
        ({"training": {"epochs": "many"}}, "epochs: 'many'"),
        ({"training": {"batch_size": -1}}, "batch_size: -1 is below 0"),
        ({"seed": 2**32}, "seed: 4294967296 is too large; numbers go up to 4294967295"),
        ({"training": {"epochs": 2**31}}, "epochs: 2147483648 is too large; numbers go up to 2147483647"),
        ({"training": {"warmup_ratio": 1.5}}, "warmup_ratio: 1.5 is above 1"),
        ({"source": {"test_fraction": 0.7}}, "test_fraction: 0.7 is above 0.5"),
        ({"text": {"standardize": ["lowercase", "stem"]}}, "standardize"),
        ({"training": 3}, "expected settings"),
        ([1, 2], "expected settings"),
    ],
)
def test_rejects_invalid_setting_by_name(values, message):
    with pytest.raises(InputError, match=message.replace("?", r"\?").replace("(", r"\(")) as error:
        configuration.config_from_dict(values, "run.yaml")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"), [("a: [1", "not YAML"), ("a:\n\t- b", "line 2")], ids=["unclosed", "tab"]
)
def test_rejects_broken_yaml_with_its_line(content, message, tmp_path):
    (tmp_path / "run.yaml").write_text(content)
    with pytest.raises(InputError, match=message):
        configuration.load_yaml(tmp_path / "run.yaml")


def test_rejects_missing_yaml_file():
    with pytest.raises(InputError, match=r"nowhere\.yaml: no such file"):
        configuration.load_yaml("nowhere.yaml")


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_every_setting_has_a_help_text(group):
    bodies = [ast.parse(inspect.getsource(kind)).body[0].body for kind in group.__mro__ if kind is not object]
    followed = {
        node.target.id: isinstance(following, ast.Expr)
        for body in bodies
        for node, following in zip(body, [*body[1:], None], strict=True)
        if isinstance(node, ast.AnnAssign)
    }
    assert [field.name for field in dataclasses.fields(group) if not followed[field.name]] == []


@pytest.mark.parametrize("network", list_models().values(), ids=list_models())
def test_setting_names_are_unique_across_groups(network):
    names = [field.name for group in (TextConfig, TrainingConfig, network) for field in dataclasses.fields(group)]
    assert len(names) == len(set(names))


def test_unknown_model_suggests_the_nearest_name():
    with pytest.raises(InputError, match="did you mean 'char_cnn'"):
        models.get("char_cn")


@pytest.mark.parametrize(
    "recipe", sorted(Path(pipelines.__file__).parent.glob("configs/*.yaml")), ids=lambda path: path.stem
)
def test_every_recipe_is_a_valid_config(recipe):
    run = configuration.config_from_dict(configuration.load_yaml(recipe), str(recipe))
    assert run != configuration.default_config(run.model)


@pytest.mark.parametrize(
    ("name", "most"),
    [("compact_word", 350_000), ("compact_char", 350_000), ("small_word", 1_900_000), ("small_char", 1_900_000)],
)
def test_recipes_for_devices_are_small(name, most):
    run = configuration.config_from_dict(
        configuration.load_yaml(f"{Path(pipelines.__file__).parent}/configs/{name}.yaml"), name
    )
    assert run.network.build(vocabulary_size=run.text.max_tokens, num_classes=20).model.count_params() <= most


@pytest.mark.parametrize(
    "name",
    ["kim2014_rand", "kim2014_static", "kim2014_non_static", "kim2014_multichannel", "char_cnn_textbook",
     "compact_word", "compact_char", "small_word", "small_char"],
)  # fmt: skip
def test_recipes_of_papers_and_small_devices_have_no_linear_member(name):
    run = configuration.load_yaml(f"{Path(pipelines.__file__).parent}/configs/{name}.yaml")
    assert configuration.config_from_dict(run, name).network.linear_ngrams == ()


@pytest.mark.parametrize("model", ["word_cnn", "bow", "hub_cnn"])
def test_rejects_contrastive_training_of_models_without_sentence_vectors(model):
    where = {"model": model, "transfer": {"contrastive": "always"}}
    with pytest.raises(InputError, match=f"always: {model} has no sentence vectors; use sentence_cnn or sentence_"):
        configuration.config_from_dict(where, "run.yaml")
    configuration.config_from_dict({**where, "model": "sentence_cnn"}, "run.yaml")
