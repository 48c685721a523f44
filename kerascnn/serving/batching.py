"""Dynamic batching: texts of requests that arrive at the same time are predicted together."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from kerascnn.serving.config import ServingConfig
from kerascnn.serving.errors import RequestError

PredictFn = Callable[[list[Any]], Any]
"""Function from the texts of a batch to an answer for each: an array (texts, labels), or a list."""
ObserveFn = Callable[[int, float], None]
"""Function that receives the texts of a predicted batch and the seconds that it took."""


@dataclass
class Job:
    """The texts of a request, which wait for the model."""

    texts: list[Any]
    arrival: float
    """Time of the event loop."""
    answer: asyncio.Future[Any]


class Batcher:
    """Predicts the texts of concurrent requests in batches, one batch after another in a thread.

    A batch starts when its first request has waited for the window, or when it is full. While the model is busy,
    requests gather for the next batch without any further delay.

    Args:
        predict_fn: Function from texts to answers.
        config: Window and size of a batch, and how many texts may wait.
        observe: Called after each batch.
    """

    def __init__(self, predict_fn: PredictFn, config: ServingConfig, observe: ObserveFn) -> None:
        self._predict_fn, self._config, self._observe = predict_fn, config, observe
        self._jobs: deque[Job] = deque()
        self._arrived = asyncio.Event()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self.num_waiting = 0
        """Texts that wait for the model."""

    async def predict(self, texts: list[Any]) -> Any:
        """Return the answers of texts: for a classifier probabilities, float32 (texts, labels).

        Raises:
            RequestError: Too many texts wait already.
        """
        if self._jobs and self.num_waiting + len(texts) > self._config.max_waiting_texts:
            raise RequestError(503, f"{self.num_waiting:,} texts wait for the model already; try again later")
        loop = asyncio.get_running_loop()
        job = Job(texts, loop.time(), loop.create_future())
        self._jobs.append(job)
        self.num_waiting += len(texts)
        self._arrived.set()
        return await job.answer

    async def run_alone(self, function: Callable[[], Any]) -> Any:
        """Return the result of a function that uses the model, between two batches."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Predict what arrives while the block runs."""
        task = asyncio.create_task(self._predict_batches())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            for job in self._jobs:  # only if the stop did not wait for them
                job.answer.cancel()
            self._executor.shutdown(wait=False)

    async def _predict_batches(self) -> None:
        while True:
            await self._arrived.wait()
            await self._wait_for_others()
            jobs = self._take_jobs()
            if self._jobs:
                self._arrived.set()
            else:
                self._arrived.clear()
            await self._answer(jobs)

    async def _wait_for_others(self) -> None:
        """Return when the oldest request has waited for the window, or the batch is full."""
        end = self._jobs[0].arrival + self._config.batch_window_ms / 1000
        while self.num_waiting < self._config.max_batch_texts:
            remaining = end - asyncio.get_running_loop().time()
            if remaining <= 0:
                return
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), remaining)

    def _take_jobs(self) -> list[Job]:
        """Remove and return the oldest requests that fit into a batch, at least one."""
        jobs: list[Job] = []
        size = 0
        while self._jobs and (not jobs or size + len(self._jobs[0].texts) <= self._config.max_batch_texts):
            jobs.append(self._jobs.popleft())
            size += len(jobs[-1].texts)
        self.num_waiting -= size
        return jobs

    async def _answer(self, jobs: list[Job]) -> None:
        """Predict the texts of requests; if this fails, those of each request alone, so that only one is affected."""
        texts = [text for job in jobs for text in job.texts]
        start = time.perf_counter()
        try:
            loop = asyncio.get_running_loop()
            answers = await loop.run_in_executor(self._executor, self._predict_fn, texts)
        except Exception as error:
            if len(jobs) > 1:
                for job in jobs:
                    await self._answer([job])
            elif not jobs[0].answer.done():
                jobs[0].answer.set_exception(error)
            return
        self._observe(len(texts), time.perf_counter() - start)
        position = 0
        for job in jobs:
            if not job.answer.done():  # its client may be gone
                job.answer.set_result(answers[position : position + len(job.texts)])
            position += len(job.texts)
