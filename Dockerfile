# The HTTP server (kerascnn serve) without a bundle:
#   docker build -t kerascnn-serve .
#   docker run -p 8501:8501 -v "$PWD/saved_models/bbc-word_cnn:/models/news:ro" kerascnn-serve /models/news
FROM python:3.12-slim AS build
COPY pyproject.toml README.md LICENSE MANIFEST.in /source/
COPY kerascnn /source/kerascnn
COPY pipelines /source/pipelines
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir "/source[serve]"

FROM python:3.12-slim
COPY --from=build /venv /venv
# no settings of Keras are read or written, and nothing else in the image is written
ENV PATH=/venv/bin:$PATH KERAS_HOME=/tmp/keras MPLCONFIGDIR=/tmp/matplotlib PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 1000:1000
EXPOSE 8501
HEALTHCHECK --interval=10s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/healthz', timeout=5)"]
# the server itself gets SIGTERM
ENTRYPOINT ["kerascnn", "serve", "--host", "0.0.0.0"]
