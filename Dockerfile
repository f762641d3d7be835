# One image for the web process and both workers; compose.yaml tells them apart by command.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 CHARTERBOT_DATA_DIR=/data CHARTERBOT_RUNS_DIR=/data/runs CHARTERBOT_LOG_JSON=true
RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium fonts-liberation tini \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.lock pyproject.toml README.md ./
RUN pip install uv && uv pip install --system --require-hashes -r requirements.lock
COPY agent agent
COPY apps apps
COPY bench bench
COPY bot bot
COPY demo demo
COPY webhooks webhooks
COPY app.yml ./
RUN uv pip install --system --no-deps .

# Chromium keeps its sandbox as long as the process is not root.
RUN useradd --create-home --uid 10001 charterbot && mkdir /data && chown charterbot /data
USER charterbot
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["tini", "--", "charterbot"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
