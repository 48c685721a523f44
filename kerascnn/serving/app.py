"""The application: the routes of the server."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from kerascnn.export.web import PAGE_FOLDER
from kerascnn.loading import load
from kerascnn.serving import metrics, schemas, tensorflow_serving
from kerascnn.serving.config import ServingConfig
from kerascnn.serving.errors import RequestError
from kerascnn.serving.middleware import BodyLimit, RequestObserver, ServerState
from kerascnn.serving.served_model import ServedModel
from kerascnn.serving.served_tagger import ServedTagger, TagResponse
from kerascnn.token_classifier import TokenClassifier
from kerascnn.utils.arguments import shorten

Served = ServedModel | ServedTagger

DESCRIPTION = """Text classification and tagging. `/predict` is for people and simple clients; `/v1/models/NAME:predict`
takes the requests of TensorFlow Serving's REST interface."""
PAGE_FILES = {
    "index.html": Path(__file__).parent / "page",
    "page.js": Path(__file__).parent / "page",
    "style.css": PAGE_FOLDER,
    "icon.svg": PAGE_FOLDER,
}
"""Files of the page and their folders; its style is that of the exported page."""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self';"
    " img-src 'self'; style-src 'self'; script-src 'self'"
)
JSON_BODY = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": schemas.ErrorResponse, "description": "The request is malformed."},
    404: {"model": schemas.ErrorResponse, "description": "There is no such model."},
    413: {"model": schemas.ErrorResponse, "description": "A limit of the server is exceeded."},
    503: {"model": schemas.ErrorResponse, "description": "Too many texts wait for the model."},
}


def build_app(models: Mapping[str, Served], config: ServingConfig, state: ServerState) -> FastAPI:
    """Return the application.

    Args:
        models: Name of each model to the model.
        config: Limits of requests.
        state: Metrics, and whether the server stops.
    """

    @contextlib.asynccontextmanager
    async def run_batchers(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for model in models.values():
                await stack.enter_async_context(model.batcher.run())
            yield

    app = FastAPI(title="kerascnn", description=DESCRIPTION, version=version("kerascnn"), lifespan=run_batchers)
    app.add_middleware(BodyLimit, max_bytes=config.max_body_bytes)
    app.add_middleware(RequestObserver, state=state)
    _add_error_handlers(app)
    _add_prediction(app, models)
    _add_tensorflow_serving(app, models)
    _add_operation(app, models, state)
    _add_page(app)
    return app


def load_model(name: str, folder: Path, config: ServingConfig, server_metrics: metrics.ServerMetrics) -> Served:
    """Read a bundle and prepare its answers.

    Raises:
        InputError: It is missing or damaged.
    """
    classifier: Any = load(folder, runtime="tensorflow")
    if isinstance(classifier, TokenClassifier):
        return ServedTagger.build(name, classifier, config, server_metrics)
    return ServedModel.build(name, classifier, config, server_metrics)


def find_model(models: Mapping[str, Served], name: str) -> Served:
    """Return the model with a name.

    Raises:
        RequestError: There is none.
    """
    if name not in models:
        raise RequestError(
            404, f"Servable not found for request: Latest({shorten(name)}); there are {', '.join(models)}"
        )
    return models[name]


def _add_error_handlers(app: FastAPI) -> None:
    """Answer all errors in the form of TensorFlow Serving, an object with the key `error`."""

    @app.exception_handler(RequestError)
    async def answer_request_error(request: Request, error: RequestError) -> Response:
        headers = {"Retry-After": "1"} if error.status == 503 else None
        return JSONResponse({"error": str(error)}, error.status, headers)

    @app.exception_handler(HTTPException.__base__)  # type: ignore[arg-type]  # those of Starlette: 404 and 405
    async def answer_http_error(request: Request, error: HTTPException) -> Response:
        text = f"{error.detail}: {request.method} {shorten(request.url.path)}; /docs lists what this server answers"
        return JSONResponse({"error": text}, error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def answer_failure(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": "Internal error; the log of the server has more"}, 500)


def _add_prediction(app: FastAPI, models: Mapping[str, Served]) -> None:
    schema = schemas.PredictRequest.model_json_schema()
    body = {"required": True, "content": {"application/json": {"schema": schema}}}

    # the body is parsed here, so that it needs no Content-Type and errors have the form of all others
    @app.post("/predict", response_model_exclude_none=True, responses=ERRORS, openapi_extra={"requestBody": body})
    async def predict(request: Request) -> schemas.PredictResponse | TagResponse:
        """Predict the label or the labels of one text or of several, or the tags of their tokens."""
        parsed = schemas.parse_predict_request(await request.body())
        if parsed.model is None and len(models) > 1:
            raise RequestError(400, f"model: this server has several, name one of {', '.join(models)}")
        model = find_model(models, next(iter(models)) if parsed.model is None else parsed.model)
        if isinstance(model, ServedTagger):
            return await model.predict(schemas.list_texts(parsed))
        return await schemas.predict(model, parsed)


def _add_tensorflow_serving(app: FastAPI, models: Mapping[str, Served]) -> None:
    extra = {"requestBody": JSON_BODY}

    @app.post("/v1/models/{name}:predict", responses=ERRORS, openapi_extra=extra)
    @app.post("/v1/models/{name}/versions/{version}:predict", responses=ERRORS, openapi_extra=extra)
    async def predict_as_tensorflow_serving(
        name: str, request: Request, version: str = tensorflow_serving.VERSION
    ) -> Response:
        """Predict as TensorFlow Serving: `{"instances": ["a text"]}` or `{"inputs": {"text": ["a text"]}}`."""
        model = find_model(models, name)
        tensorflow_serving.check_version(version, name)
        return JSONResponse(await tensorflow_serving.predict(model, await request.body()))

    @app.post("/v1/models/{name}:classify", responses=ERRORS, openapi_extra=extra)
    @app.post("/v1/models/{name}/versions/{version}:classify", responses=ERRORS, openapi_extra=extra)
    async def classify_as_tensorflow_serving(
        name: str, request: Request, version: str = tensorflow_serving.VERSION
    ) -> Response:
        """Classify as TensorFlow Serving: `{"signature_name": "examples", "examples": [{"text": "a text"}]}`."""
        model = find_model(models, name)
        tensorflow_serving.check_version(version, name)
        if isinstance(model, ServedTagger):
            raise RequestError(400, f"{name} has a tag for each token, and no classes; POST {name}:predict")
        return JSONResponse(await tensorflow_serving.classify(model, await request.body()))

    @app.get("/v1/models/{name}", responses={404: ERRORS[404]})
    @app.get("/v1/models/{name}/versions/{version}", responses={404: ERRORS[404]})
    async def get_model_status(name: str, version: str = tensorflow_serving.VERSION) -> dict[str, Any]:
        """Return the status of a model, as TensorFlow Serving."""
        find_model(models, name)
        tensorflow_serving.check_version(version, name)
        return tensorflow_serving.describe_status()

    @app.get("/v1/models/{name}/metadata", responses={404: ERRORS[404]})
    @app.get("/v1/models/{name}/versions/{version}/metadata", responses={404: ERRORS[404]})
    async def get_model_metadata(name: str, version: str = tensorflow_serving.VERSION) -> dict[str, Any]:
        """Return the inputs and outputs of a model, as TensorFlow Serving."""
        model = find_model(models, name)
        tensorflow_serving.check_version(version, name)
        return tensorflow_serving.describe_metadata(model)


def _add_operation(app: FastAPI, models: Mapping[str, Served], state: ServerState) -> None:
    @app.get("/healthz", responses={503: {"model": schemas.ErrorResponse, "description": "The server stops."}})
    async def get_health() -> dict[str, Any]:
        """Return the names of the models; 503 while the server stops."""
        if state.is_stopping:
            raise RequestError(503, "the server is stopping")
        return {"status": "ok", "models": list(models)}

    @app.get("/metrics", response_class=Response)
    async def get_metrics() -> Response:
        """Return metrics for Prometheus."""
        waiting = {name: model.batcher.num_waiting for name, model in models.items()}
        return Response(state.metrics.render(waiting), media_type=metrics.CONTENT_TYPE)


def _add_page(app: FastAPI) -> None:
    def add(path: str, file: Path) -> None:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}

        @app.get(path, include_in_schema=False, response_class=FileResponse)
        async def get_file() -> FileResponse:
            return FileResponse(file, headers=headers)

    for name, folder in PAGE_FILES.items():
        add("/" if name == "index.html" else f"/{name}", folder / name)
