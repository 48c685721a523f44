"""Any value for any argument of the Python interface: it works, or one line says which argument is wrong."""

import re
import warnings

import pytest

from kerascnn import TextClassifier, load
from kerascnn.utils.errors import InputError
from tests.argument_strategies import LABELS, LISTS, TEXTS, anything, calls, st
from tests.tiers import check_examples, tiers

WORDS = {
    **dict.fromkeys(("texts", "X", "text"), "text"), "labels": "label|classes", "label": "label", "y": "^y:|label",
    "k": "^k:", "probabilities": "probabilit", "soft_labels": "soft_labels|label",
}  # fmt: skip
"""What names an argument in a message, if not its name."""
any_setting = st.sampled_from(sorted(TextClassifier().get_params()))


@pytest.fixture(scope="module")
def classifiers():
    """Return a classifier of single labels and one of several labels, whose ``fit`` checks, but does not train."""
    network = {"model": "bow", "ngrams": (1, 2), "ngram_buckets": 64, "epochs": 1, "min_count": 1}
    trained = [TextClassifier(**network).fit(TEXTS, labels) for labels in (LABELS, LISTS)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kerascnn.classifier.train_bundle", lambda *_, **__: trained[0].bundle_)
        yield trained


def check_message(error, word):
    message = str(error)
    assert "\n" not in message and len(message) < 700
    assert re.search(word, message), f"{word} is not named: {message}"


def check_call(classifiers, call, is_multi_label):
    method, name, arguments = call
    classifier = TextClassifier() if method == "fit" else classifiers[is_multi_label]
    if is_multi_label and method != "fit":
        arguments = {key: LISTS if value is LABELS else value for key, value in arguments.items()}
    place = "X" if method == "transform" else "texts"
    texts = arguments.get(place)
    if hasattr(texts, "__next__"):
        texts = list(texts)
        arguments[place] = iter(texts)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = getattr(classifier, method)(**arguments)
    except InputError as error:
        check_message(error, WORDS.get(name, name))
    else:
        if method.startswith("predict") or method in ("encode", "transform"):
            assert len(result) == len(texts), "one answer per text"


def check_setting(name, value):
    try:
        TextClassifier(**{name: value}).to_config()
    except InputError as error:
        check_message(error, name)


@tiers(few=100)
def test_any_argument_works_or_is_named_in_one_line(count, classifiers):
    check_examples(count, lambda call, is_multi: check_call(classifiers, call, is_multi), calls(), st.booleans())


@tiers(few=150)
def test_any_setting_is_used_or_named_in_one_line(count):
    check_examples(count, check_setting, any_setting, anything)


@tiers(few=25, many=2000)
def test_any_folder_without_a_bundle_is_rejected_in_one_line(count):
    def check(folder):
        with pytest.raises(InputError) as error:
            load(folder)
        check_message(error.value, "^folder:|not a bundle")

    check_examples(count, check, anything | st.sampled_from(["\n", "a\r\nb", "a\u2028b"]))
