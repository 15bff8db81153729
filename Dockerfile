# syntax=docker/dockerfile:1
# One image for Airflow's services, the workers and the archive browser: docker-compose.yml says what each runs, and
# how its health is told.
#
# `docker buildx imagetools inspect python:3.11-slim-bookworm` prints the digest that pins the base for good:
# --build-arg PYTHON=python:3.11-slim-bookworm@sha256:…
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.lock requirements-cluster.lock /tmp/
RUN pip install --no-deps --require-hashes -r /tmp/requirements.lock
RUN pip install --no-deps --require-hashes -r /tmp/requirements-cluster.lock \
 && pip check \
 && python -m compileall -q -j 0 /opt/venv/lib

FROM ${PYTHON}
# User and group as in Airflow's own image, which its Helm chart goes by; and /entrypoint, by which its probes call
# Airflow's commands.
RUN useradd --uid 50000 --gid 0 --home-dir /opt/airflow --create-home bantin \
 && ln -s /usr/bin/env /entrypoint \
 && install -d -o bantin -g 0 -m 0770 /var/lib/bantin /var/lib/bantin/cache /var/lib/bantin/work /var/lib/bantin/browser
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 AIRFLOW_HOME=/opt/airflow
WORKDIR /opt/bantin
COPY . .
# Editable: dags/ and sources/ are looked for beside the packages. Afterwards nothing here can be written by its user.
RUN pip install --no-deps --no-build-isolation --no-cache-dir --disable-pip-version-check --editable . \
 && python -m compileall -q bantin browse cleaning dags demo deploy model spiders storage
USER 50000:0
CMD ["bantin", "--help"]
