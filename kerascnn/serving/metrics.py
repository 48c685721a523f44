"""Metrics of the server in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Bounds of the buckets of durations."""
TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
"""Bounds of the buckets of batch sizes."""


class ServerMetrics:
    """All metrics of a server, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._requests = Counter(
            "kerascnn_requests", "Requests by route and status code", ("route", "status"), registry=self._registry
        )
        self._request_seconds = Histogram(
            "kerascnn_request_seconds", "Seconds from a request to its response", ("route",), buckets=SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self._texts = Counter("kerascnn_texts", "Predicted texts", ("model",), registry=self._registry)
        self._batch_texts = Histogram(
            "kerascnn_batch_texts", "Texts of a batch", ("model",), buckets=TEXTS, registry=self._registry
        )
        self._batch_seconds = Histogram(
            "kerascnn_batch_seconds", "Seconds of the model for a batch", ("model",), buckets=SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self._waiting = Gauge(
            "kerascnn_waiting_texts", "Texts that wait for the model", ("model",), registry=self._registry
        )

    def observe_request(self, route: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            route: Template of its path, so that there are few of them.
            status: Status code of the response.
            seconds: Time until the end of the response.
        """
        self._requests.labels(route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def observe_batch(self, model: str, texts: int, seconds: float) -> None:
        """Count the texts of a batch, and the time that the model took."""
        self._texts.labels(model).inc(texts)
        self._batch_texts.labels(model).observe(texts)
        self._batch_seconds.labels(model).observe(seconds)

    def render(self, waiting: dict[str, int]) -> bytes:
        """Return all metrics.

        Args:
            waiting: Name of each model to the texts that wait for it.
        """
        for model, texts in waiting.items():
            self._waiting.labels(model).set(texts)
        return bytes(generate_latest(self._registry))
