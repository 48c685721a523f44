"""TextClassifier as an estimator of scikit-learn: in its tools, and under its own checks."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import ClassifierMixin, clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit, cross_val_score
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from kerascnn import TextClassifier
from kerascnn.utils.errors import InputError

SMALL = {
    "model": "bow",
    "ngrams": (1, 2),
    "linear_ngrams": (),
    "epochs": 1,
    "refit_rows": 0,
    "ngram_buckets": 256,
    "max_length": 16,
    "min_count": 1,
}
ONE_SPLIT = StratifiedShuffleSplit(1, test_size=0.3, random_state=0)

WITHOUT_DATA = [
    "check_do_not_raise_errors_in_init_or_set_params", "check_estimator_cloneable", "check_estimator_repr",
    "check_estimator_tags_renamed", "check_get_params_invariance", "check_mixin_order",
    "check_no_attributes_set_in_init", "check_parameters_default_constructible", "check_set_params",
    "check_valid_tag_types",
]  # fmt: skip

DO_NOT_APPLY = {
    "check_fit_score_takes_y": "fit has arguments named texts and labels, which scikit-learn passes by position",
    "check_classifiers_multilabel_output_format_decision_function": "it has probabilities, and no decision function",
    "check_array_api_input": "scikit-learn skips it, unless SCIPY_ARRAY_API is set; strings have no place in that API",
}
"""Checks that do not hold, with the reason."""


@pytest.fixture(scope="module")
def few(news):
    return news[0][::3], news[1][::3]


@pytest.mark.parametrize("check", WITHOUT_DATA)
def test_passes_checks_that_need_no_data(check):
    getattr(estimator_checks, check)("TextClassifier", TextClassifier(**SMALL))


def test_tags_describe_string_input():
    tags = get_tags(TextClassifier())
    assert is_classifier(TextClassifier())
    assert tags.input_tags.string and tags.input_tags.one_d_array and not tags.input_tags.two_d_array
    assert tags.target_tags.required and not tags.target_tags.multi_output
    assert tags.classifier_tags.multi_class and tags.classifier_tags.multi_label
    assert tags.non_deterministic and not get_tags(TextClassifier(deterministic=True)).non_deterministic


def test_cross_validation_accepts_columns_of_data_frame(few):
    table = pd.DataFrame({"text": few[0], "label": few[1]}, index=range(500, 600))
    scores = cross_val_score(TextClassifier(**SMALL), table["text"], table["label"], cv=ONE_SPLIT, error_score="raise")
    assert scores.shape == (1,) and 0 <= scores[0] <= 1


def test_grid_search_over_pipeline_finds_setting_that_learns(few):
    pipeline = Pipeline([
        ("headline", FunctionTransformer(lambda texts: [text.partition(". ")[0] for text in texts])),
        ("classifier", TextClassifier(**SMALL | {"epochs": 4})),
    ])  # fmt: skip
    search = GridSearchCV(pipeline, {"classifier__learning_rate": [1e-9, 0.1]}, cv=ONE_SPLIT, scoring="f1_macro")
    search.fit(*few)
    assert search.best_params_ == {"classifier__learning_rate": 0.1}
    assert search.best_estimator_["classifier"].bundle_.config.training.learning_rate == 0.1
    assert search.score(*few) > 0.6
    assert search.classes_.tolist() == sorted(set(few[1]))
    assert clone(search).estimator["classifier"].get_params() == pipeline["classifier"].get_params()


def test_scikit_learn_calibrates_classifier(few):
    calibrated = CalibratedClassifierCV(TextClassifier(**SMALL), cv=2).fit(*few)
    probabilities = calibrated.predict_proba(few[0][:7])
    assert probabilities.shape == (7, 5) and len(calibrated.calibrated_classifiers_) == 2
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "kind"),
    [([0.5, 1.7, 2.1], "continuous"), ([1.5, 2, 3], "continuous")],
)
def test_rejects_labels_that_are_not_classes(labels, kind):
    with pytest.raises(InputError, match=f"Unknown label type: {kind}"):
        TextClassifier(**SMALL).fit(["a", "b", "c"], labels)


@pytest.fixture(scope="module")
def table(few):
    """A table of texts and a number, with an index of its own."""
    return pd.DataFrame({"text": few[0], "words": [text.count(" ") for text in few[0]]}, index=range(500, 600))


def test_features_are_a_step_beside_columns_of_numbers(few, table):
    columns = [("text", TextClassifier(**SMALL | {"epochs": 4}), "text"), ("numbers", StandardScaler(), ["words"])]
    pipeline = make_pipeline(ColumnTransformer(columns).set_output(transform="pandas"), LogisticRegression())
    pipeline.fit(table, few[1])
    features = pipeline[0].transform(table[:3])
    assert features.index.tolist() == [500, 501, 502]
    classifier = pipeline[0].named_transformers_["text"]
    np.testing.assert_array_equal(features.iloc[:, :-1], classifier.encode(few[0][:3]))
    names = [f"text__textclassifier{number}" for number in range(classifier.encode(few[0][:1]).shape[1])]
    assert features.columns.tolist() == [*names, "numbers__words"]
    assert pipeline.predict(table).shape == (100,)


def test_fitted_encoder_is_a_frozen_step(few):
    classifier = TextClassifier(**SMALL).fit(*few)
    union = FeatureUnion([("network", FrozenEstimator(classifier)), ("words", TfidfVectorizer())])
    pipeline = make_pipeline(union, LogisticRegression()).fit(*few)
    assert pipeline.score(*few) > 0.9
    np.testing.assert_array_equal(
        union.transform(few[0][:4]).toarray()[:, : classifier.encode([]).shape[1]], classifier.encode(few[0][:4])
    )


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_set_output_chooses_the_table_of_features(few, table, container):
    classifier = TextClassifier(**SMALL).set_output(transform=container)
    features = classifier.fit_transform(table["text"], few[1])
    assert type(features).__module__.startswith(container) and features.shape[0] == 100
    assert list(features.columns) == classifier.get_feature_names_out().tolist()
    np.testing.assert_array_equal(features.to_numpy(), classifier.encode(few[0]))
    assert type(classifier.predict_proba(few[0])) is np.ndarray


def test_steps_without_features_or_labels_are_rejected_before_training(few, table):
    with pytest.raises(InputError, match="model: bow is a linear classifier, which has no features"):
        make_pipeline(TextClassifier(model="bow"), LogisticRegression()).fit(*few)
    with pytest.raises(InputError, match="labels: give a list of labels"):
        make_pipeline(TextClassifier(**SMALL), LogisticRegression()).fit(few[0])
    with pytest.raises(InputError, match="texts: give a list of texts, such as the column"):
        TextClassifier(**SMALL).fit_transform(table[["text"]], few[1])
    with pytest.raises(NotFittedError):
        TextClassifier(**SMALL).get_feature_names_out()


class Rows(TextClassifier):
    """Takes the tables of numbers that scikit-learn checks with, a number a word."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.one_d_array = False
        tags.input_tags.two_d_array = True
        tags.classifier_tags.poor_score = True  # of a single epoch
        return tags

    def fit(self, table, labels):
        return super().fit(self._texts(table, reset=True), labels)

    def predict_proba(self, table):
        check_is_fitted(self)
        return super().predict_proba(self._texts(table, reset=False))

    def score(self, table, y, sample_weight=None):
        return ClassifierMixin.score(self, table, y, sample_weight)

    def transform(self, table):
        check_is_fitted(self)
        return super().transform(self._texts(table, reset=False))

    def _texts(self, table, reset):
        rows = validate_data(self, table, reset=reset)
        return [" ".join(f"c{column}v{number:.1f}" for column, number in enumerate(row)) for row in rows]


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_passes_every_check_with_numbers_as_words():
    """Without them none would run: scikit-learn has no checks for estimators that take no table."""
    results = estimator_checks.check_estimator(
        Rows(**SMALL, deterministic=True), on_fail=None, on_skip=None, expected_failed_checks=DO_NOT_APPLY
    )
    failed = {result["check_name"]: str(result["exception"]) for result in results if result["status"] == "failed"}
    assert failed == {}
    others = {result["check_name"] for result in results if result["status"] != "passed"}
    assert others == set(DO_NOT_APPLY)
    assert len(results) > 50


@pytest.mark.parametrize("labels", [None, np.array([["a", "b"], ["b", "c"], ["a", "c"]])], ids=["none", "a table"])
def test_rejects_labels_that_are_not_a_column(labels):
    with pytest.raises(InputError, match=r"labels: give (a list of labels|one label per text)"):
        TextClassifier(**SMALL).fit(["a", "b", "c"], labels)
