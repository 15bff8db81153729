"""Processes as forks of the one that starts them. Only a fork of a warm one (tests/warm.py) may import this module."""

import gc
import importlib
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

MODULES = ("spiders.crawl", "bantin.clean_worker", "bantin.watchdog")


class Forked(subprocess.Popen[Any]):
    """In the place of `subprocess.Popen`: `python -m MODULE ARGUMENT…` as a fork of this process, in which the module
    is there already. Other commands, and those of threads, whose locks a fork would inherit, are started as usual."""

    def __init__(self, command: Sequence[str], *, pass_fds: Sequence[int] = (), **options: Any) -> None:
        if command[1:2] == ["-m"] and command[2] in MODULES and threading.current_thread() is threading.main_thread():
            sys.stdout.flush()
            environment = options.pop("env", None)
            # It is called when the pipes are in place.
            options["preexec_fn"] = lambda: self._become(command[2:], environment, {0, 1, 2, *pass_fds})
        super().__init__(command, pass_fds=pass_fds, **options)

    def begin(self, module: str, kept: set[int]) -> None:
        """Called in the fork before all else; may add descriptors to those that stay open."""

    def _become(self, words: Sequence[str], environment: Mapping[str, str] | None, kept: set[int]) -> NoReturn:
        module, *arguments = words
        self.begin(module, kept)
        for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
            if descriptor not in kept:
                with suppress(OSError):  # the folder's own is closed already
                    os.close(descriptor)
        gc.enable()
        if environment is not None:
            os.environ.clear()
            os.environ.update(environment)
        code = 1
        try:
            code = importlib.import_module(module).main(arguments)
        except Exception:  # noqa: BLE001 - as at the top of any process
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
