"""What happens to every request: its body is limited, it is counted, and connections close while the server stops."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kerascnn.serving.metrics import ServerMetrics


@dataclass
class ServerState:
    """What all requests share."""

    metrics: ServerMetrics = field(default_factory=ServerMetrics)
    is_stopping: bool = False
    """Whether the server answers its last requests."""


class RequestObserver:
    """Counts requests and their time, and closes connections after their response while the server stops."""

    def __init__(self, app: ASGIApp, state: ServerState) -> None:
        self._app, self._state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 500

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._state.is_stopping:
                    MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self._state.metrics.observe_request(route, status, time.perf_counter() - start)


class BodyLimit:
    """Reads the body of a request, and answers with 413 as soon as it is known to be too large."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        is_too_large = declared.isdecimal() and int(declared[:20]) > self._max_bytes
        body, more = bytearray(), True
        while more and not is_too_large:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            is_too_large = len(body) > self._max_bytes
        if is_too_large:
            text = f"the body has more than {self._max_bytes:,} bytes, the limit of this server (--max-body-bytes)"
            await JSONResponse({"error": text}, status_code=413)(scope, receive, send)
            return
        messages = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def receive_body() -> Message:
            return messages.pop() if messages else await receive()

        await self._app(scope, receive_body, send)
