"""Requests and answers of ``/predict``."""

from __future__ import annotations

import numpy as np
import pydantic
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from kerascnn.serving.errors import RequestError
from kerascnn.serving.json_body import parse_json_object
from kerascnn.serving.served_model import ServedModel
from kerascnn.utils.arguments import shorten

DECIMALS = 6
"""Decimals of probabilities for people."""


class PredictRequest(BaseModel):
    """One text or several, to predict the labels of."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "Shares fell after the profit warning", "top_k": 3}]},
    )

    text: StrictStr | None = Field(default=None, description="A text to classify.")
    texts: list[StrictStr] | None = Field(default=None, description="Texts to classify, instead of `text`.")
    top_k: StrictInt | None = Field(default=None, ge=1, description="Most labels in `probabilities`; null: all.")
    model: StrictStr | None = Field(default=None, description="Name of the model, if the server has several.")


class LabelProbability(BaseModel):
    """A label with its probability for a text."""

    label: str
    probability: float
    threshold: float | None = Field(default=None, description="Multi-label: its lowest probability to be predicted.")


class Prediction(BaseModel):
    """The answer for one text: `label` of a single-label model, `labels` of a multi-label model."""

    label: str | None = Field(default=None, description="The most probable label.")
    labels: list[str] | None = Field(default=None, description="The labels that reach their threshold, best first.")
    probability: float | None = Field(default=None, description="Probability of `label`.")
    probabilities: list[LabelProbability] = Field(description="All labels, or the `top_k`, the most probable first.")


class PredictResponse(BaseModel):
    """The answers of a model, in the order of the texts."""

    model: str
    predictions: list[Prediction]


class ErrorResponse(BaseModel):
    """What is wrong with a request."""

    error: str


def parse_predict_request(body: bytes) -> PredictRequest:
    """Parse the body of a request.

    Raises:
        RequestError: It is malformed; the message names the first problem.
    """
    content = parse_json_object(body)
    try:
        request = PredictRequest.model_validate(content)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = shorten(".".join(map(str, first["loc"])))[1:-1]
        raise RequestError(400, f"{place}: {first['msg']}") from None
    if (request.text is None) == (request.texts is None):
        raise RequestError(400, 'give {"text": "..."} or {"texts": ["...", "..."]}')
    return request


def list_texts(request: PredictRequest) -> list[str]:
    """Return the texts of a request."""
    return [request.text] if request.text is not None else request.texts or []


async def predict(model: ServedModel, request: PredictRequest) -> PredictResponse:
    """Return the predictions for the texts of a request.

    Raises:
        RequestError: The request is beyond a limit.
    """
    probabilities = await model.predict_proba(list_texts(request))
    predicted = model.classifier.bundle_.decide(probabilities)
    rows = zip(probabilities, predicted, strict=True)
    return PredictResponse(
        model=model.name, predictions=[_describe(model, row, labels, request.top_k) for row, labels in rows]
    )


def _describe(model: ServedModel, probabilities: np.ndarray, predicted: list[str], top_k: int | None) -> Prediction:
    order = np.argsort(-probabilities, kind="stable")[:top_k].tolist()
    thresholds = model.thresholds
    ranked = [
        LabelProbability(
            label=model.labels[position],
            probability=round(float(probabilities[position]), DECIMALS),
            threshold=round(thresholds[position], DECIMALS) if thresholds else None,
        )
        for position in order
    ]
    if model.task.predicts_list:
        return Prediction(labels=predicted, probabilities=ranked)
    return Prediction(label=predicted[0], probability=ranked[0].probability, probabilities=ranked)
