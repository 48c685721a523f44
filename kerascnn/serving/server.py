"""Run the application until SIGTERM or Ctrl-C, without losing a request."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from kerascnn.serving.config import ServingConfig
from kerascnn.serving.middleware import ServerState
from kerascnn.utils.errors import InputError


class GracefulServer(uvicorn.Server):
    """A server that, after SIGTERM, accepts requests until clients had time to turn to other servers.

    Args:
        app: The application.
        config: How long it accepts requests, and waits for responses.
        state: Is told that the server stops.
        on_start: Called when the server listens.
    """

    def __init__(self, app: FastAPI, config: ServingConfig, state: ServerState, on_start: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app, log_config=None, access_log=False, server_header=False, lifespan="on",
                timeout_graceful_shutdown=config.stop_seconds,
            )
        )  # fmt: skip
        self._drain_seconds, self._state, self._on_start = config.drain_seconds, state, on_start
        self._is_terminated = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        self._on_start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; a second Ctrl-C stops at once."""
        self._is_terminated |= sig == signal.SIGTERM
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what has been accepted, then return."""
        self._state.is_stopping = True
        end = asyncio.get_running_loop().time() + self._drain_seconds
        while self._is_terminated and not self.force_exit and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.05)
        for server in self.servers:
            server.close()
        await asyncio.sleep(0.1)  # requests of connections that were accepted last
        await super().shutdown(sockets)


def bind(config: ServingConfig) -> socket.socket:
    """Return a socket that is bound to the address, and does not listen yet.

    Raises:
        InputError: The address cannot be used.
    """
    # asyncio sets TCP_NODELAY only with the protocol's number; without it each answer is delayed by 40 ms
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # elsewhere two servers could then use one port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((config.host, config.port))
    except OSError as error:
        bound.close()
        reason = error.strerror or error
        raise InputError(f"{config.host}, port {config.port}: {reason}; give another --host or --port") from None
    return bound


def serve(
    app: FastAPI, config: ServingConfig, state: ServerState, bound: socket.socket, on_start: Callable[[], None]
) -> None:
    """Answer requests until SIGTERM or Ctrl-C.

    Args:
        app: The application.
        config: How long a stop takes.
        state: Is told that the server stops.
        bound: What ``bind`` returned.
        on_start: Called when the server listens.
    """
    # after the stop, uvicorn sends itself the signal again
    with contextlib.suppress(KeyboardInterrupt):
        GracefulServer(app, config, state, on_start).run(sockets=[bound])
