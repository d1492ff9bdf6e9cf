# The image that compose.yaml starts: `serve`, `worker`, `migrate` and every other command of manage.py.
ARG BASE=docker.io/library/python:3.13-slim-bookworm

FROM ${BASE} AS built
WORKDIR /srv/countersign
COPY requirements.txt .
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
# What .dockerignore lets in.
COPY . .
# Nothing is written while it runs, so what Python would keep is made now.
RUN /opt/venv/bin/python -m compileall -q . && mkdir -p /var/lib/countersign

FROM ${BASE}
# A number that no image in between has for somebody else; secrets/ and volumes belong to it.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin countersign
COPY --from=built /opt/venv /opt/venv
COPY --from=built /srv/countersign /srv/countersign
COPY --from=built --chown=10001:10001 /var/lib/countersign /var/lib/countersign
WORKDIR /srv/countersign
ENV PYTHONUNBUFFERED=1 AUDIT_CHECKPOINT_FILE=/var/lib/countersign/audit-checkpoints.jsonl
USER 10001:10001
ENTRYPOINT ["/opt/venv/bin/python", "manage.py"]
CMD ["serve", "--host", "0.0.0.0"]
