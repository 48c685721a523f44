"""Errors that a request is answered with."""

from __future__ import annotations


class RequestError(Exception):
    """A request cannot be answered; the message is the value of ``error`` in the response.

    Args:
        status: Status code of the response.
        message: What is wrong, and what to do instead.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
