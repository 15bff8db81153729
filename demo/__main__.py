"""`python -m demo`: serves the demo's web until Ctrl-C or SIGTERM."""

import argparse
import signal
import sys

from demo import SOURCES, DemoWeb
from demo.web import SITES


def main() -> None:
    """Serves and prints where."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Serve the demo's web on loopback.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    arguments = parser.parse_args()
    # Waited for, not handled: a handler that sets an Event deadlocks when a second signal comes while it runs. The mask
    # is set before the server's threads start, as they take it over.
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    with DemoWeb(port=arguments.port) as web:
        lines = [
            *(f"http://{host}/" for host in SITES),
            f"export BANTIN_DEMO_PROXY={web.proxy_url}   # the sources in {SOURCES} use it",
            f"curl --proxy {web.proxy_url} http://portal.example/",
        ]
        sys.stdout.write("\n".join([*lines, ""]))
        sys.stdout.flush()
        signal.sigwait(stops)


if __name__ == "__main__":
    main()
