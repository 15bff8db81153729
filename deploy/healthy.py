"""Whether the container it runs in does its work: the health checks of docker-compose.yml.

    python deploy/healthy.py metadatabase|scheduler|dag_processor|triggerer|worker|browser

What Airflow's parts are is asked of the API server, which reads their heartbeats: a command of Airflow's own would take
seconds of processor each time.
"""

import json
import os
import socket
import sys
import urllib.request
from pathlib import Path

TIMEOUT_S = 10
BROWSER = "http://127.0.0.1:8000/static/style.css"
TOKEN = Path("/var/lib/bantin/browser/token")


def check_airflow(part: str) -> str:
    """What is wrong with a part of Airflow; nothing, where it is healthy."""
    api = os.environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].removesuffix("/execution/")
    with urllib.request.urlopen(f"{api}/api/v2/monitor/health", timeout=TIMEOUT_S) as answer:
        status = json.load(answer)[part]["status"]
    return "" if status == "healthy" else f"{part} is {status}"


def check_worker() -> str:
    """What is wrong with the Celery worker of this machine, which answers also while all its tasks are running."""
    from celery import Celery

    name = f"celery@{socket.gethostname()}"
    app = Celery(broker=os.environ["AIRFLOW__CELERY__BROKER_URL"])
    return "" if app.control.ping(destination=[name], timeout=TIMEOUT_S, limit=1) else f"{name} does not answer"


def check_browser() -> str:
    """What is wrong with `bantin browse`. Raises what urllib does where it does not answer."""
    request = urllib.request.Request(BROWSER, headers={"Authorization": f"Bearer {TOKEN.read_text().strip()}"})
    urllib.request.urlopen(request, timeout=TIMEOUT_S).close()
    return ""


def main(part: str) -> str:
    """What is wrong with `part`, in a line; nothing, where it is healthy."""
    try:
        return {"worker": check_worker, "browser": check_browser}.get(part, lambda: check_airflow(part))()
    except (OSError, ValueError, KeyError) as err:
        return f"{part}: {type(err).__name__}: {err}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) or None)
