"""The last resort against a crawl that hangs: `python -m bantin.watchdog PIDFD END_S`, started beside each crawl by
`bantin.child`.

A crawl ends within 3 s when it is asked, or when its parent has died. One that hangs in C code, or that somebody has
stopped, hears neither, and where the parent is dead nobody is left to kill it. The watchdog's standard input is a pipe
from the parent, and PIDFD a descriptor of the crawl, which never comes to mean another process as a number does. When
the pipe closes, the crawl has END_S seconds.
"""

import select
import signal
import sys

STDIN = 0


def main(argv: list[str]) -> int:
    """Ends with the crawl."""
    crawl, end_s = int(argv[0]), float(argv[1])
    poll = select.poll()
    poll.register(crawl, select.POLLIN)  # readable once the process has ended
    poll.register(STDIN, 0)  # POLLHUP is always told
    if crawl in dict(poll.poll()):
        return 0
    poll.unregister(STDIN)
    if not poll.poll(end_s * 1000):
        signal.pidfd_send_signal(crawl, signal.SIGKILL)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
