"""The services of docker-compose.yml, as plain processes: each is started with the command and the environment that
stand there. Only addresses, ports and folders are this machine's, and what an installation sets to minutes is seconds.
"""

import os
import secrets
import sys
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

from bantin.settings import CHECKOUT
from tests import compose

SHORT = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "300",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "30",
}

NO_LOG_SERVERS = ("scheduler", "triggerer", "worker")
"""In containers they serve the logs of tasks under way, all on one port."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the cluster's own servers are, with what its `.env` names besides."""

    postgres_port: int
    postgres_password: str
    redis_port: int
    redis_password: str
    s3_endpoint: str
    api_port: int

    def variables(self) -> dict[str, str]:
        """The `.env` of the installation."""
        return {
            "POSTGRES_ADDRESS": f"127.0.0.1:{self.postgres_port}",
            "POSTGRES_PASSWORD": self.postgres_password,
            "REDIS_ADDRESS": f"127.0.0.1:{self.redis_port}",
            "REDIS_PASSWORD": self.redis_password,
            "S3_ENDPOINT": self.s3_endpoint,
            "S3_ACCESS_KEY": "services",
            "S3_SECRET_KEY": secrets.token_hex(16),
            "API_SERVER": f"http://127.0.0.1:{self.api_port}",
            "AIRFLOW_URL": f"http://127.0.0.1:{self.api_port}",
            "AIRFLOW_FERNET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW_SECRET_KEY": secrets.token_urlsafe(32),
            "AIRFLOW_JWT_SECRET": secrets.token_urlsafe(32),
            "ADMIN_PASSWORD": secrets.token_urlsafe(12),
            "BANTIN_CONTACT": "https://bantin.example/contact",
            "BANTIN_PROCESSES": "1",
            "WORKER_TASKS": "2",
        }


class Services:
    """The services by name, for the cluster that `places` describe; sources are read from `sources`, and what services
    write lies below `folder`."""

    def __init__(self, places: Places, sources: Path, folder: Path) -> None:
        self.variables = places.variables()
        self._services = compose.services(self.variables)
        self._here = {
            **{name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ},
            **SHORT,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
            "NO_PROXY": "127.0.0.1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "dags"),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(places.api_port),
            "BANTIN_SOURCES": str(sources),
            "BANTIN_CACHE": str(folder / "cache"),
            "BANTIN_WORK": str(folder / "work"),
        }

    def command(self, name: str) -> list[str]:
        """What the service is started with; its working folder is the checkout."""
        words: list[str] = self._services[name]["command"]
        return [*words, "--skip-serve-logs"] if name in NO_LOG_SERVERS else words

    def environment(self, name: str) -> dict[str, str]:
        """What the service is told."""
        return {**self._services[name]["environment"], **self._here}

    def restarts(self, name: str) -> bool:
        """Whether the service is started again when it ends by itself."""
        return bool(self._services[name]["restart"] == "unless-stopped")
