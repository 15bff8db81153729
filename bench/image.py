"""The image's steps without Docker: walks through the Dockerfile in a fresh Debian, and says what came of it.

    python3 bench/image.py               # as root, with Debian's debootstrap
    python3 bench/image.py --keep image  # leaves the image's files in that folder

Instructions mean what Docker's reference says, as far as our file goes; the base image is Debian 12 with its Python 3.11.
What this cannot show is that the base image itself is there.
"""

import argparse
import fnmatch
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BASE = ("debootstrap", "--variant=minbase", "--include=ca-certificates,python3,python3-venv", "bookworm")
# How this machine reaches its package registry, which Docker's build would be told likewise.
REGISTRY = ("PIP_", "SSL_", "REQUESTS_CA_BUNDLE", "http_proxy", "https_proxy", "no_proxy")
REGISTRY_FILES = ("/etc/pip.conf", "/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt")

CHECKS = {
    "the program runs": "bantin --help > /dev/null",
    "Airflow runs": "airflow version",
    "the executor is there": "python -c 'from airflow.providers.celery.executors.celery_executor import CeleryExecutor'",
    "the archive's tab is among the plugins": "airflow plugins --output plain | grep -o ArchiveTab | head -1",
    "the registry is found": "bantin source check",
    "no package lacks another": "pip check",
    "the chart's probes find Airflow": "/entrypoint airflow version > /dev/null",
    "bytecode is there": "test $(find /opt/venv/lib -name '*.pyc' | wc -l) -gt 10000",
    "it may write its own": "touch /var/lib/bantin/cache/x /var/lib/bantin/work/x /opt/airflow/x",
    "and nothing else": "! touch /opt/bantin/x 2> /dev/null && ! touch /opt/venv/x 2> /dev/null",
    "nothing of a checkout is in it": "! ls -d /opt/bantin/tests /opt/bantin/.git /opt/bantin/.env /opt/bantin/archive 2> /dev/null",
}


@dataclass
class Stage:
    """An image in the making: its files, and what holds for the instructions to come."""

    root: Path
    environment: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
    )
    folder: str = "/"
    user: str = "0:0"

    def run(self, command: str) -> None:
        """RUN: a shell in the image, with the mounts that a container has."""
        here = {name: value for name, value in os.environ.items() if name.startswith(REGISTRY)}
        pairs = [f"{name}={value}" for name, value in {"HOME": "/root", **here, **self.environment}.items()]
        inside = ["chroot", f"--userspec={self.user}", str(self.root), "env", "-i", *pairs, "sh", "-euc"]
        mounts = f"mount --rbind /dev {self.root}/dev; mount -t proc proc {self.root}/proc; "
        words = shlex.join([*inside, f"cd {self.folder}; {command}"])
        subprocess.run(["unshare", "--mount", "sh", "-euc", f"{mounts} exec {words}"], check=True)

    def copy(self, sources: list[Path], target: str) -> None:
        """COPY: files into a folder (its name ends with /, or is `.`), folders by what is in them."""
        for source in sources:
            to = self.root / target.lstrip("/") if target.startswith("/") else self.root / self.folder.lstrip("/")
            to.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", f"{source}/." if source.is_dir() else str(source), str(to)], check=True)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, each with what follows its name."""
    text = (CHECKOUT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


def context(folder: Path) -> Path:
    """What .dockerignore lets through, of the files that git knows."""
    known = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    patterns = (CHECKOUT / ".dockerignore").read_text("utf-8").splitlines()
    wanted = [line[1:] for line in patterns if line.startswith("!")]
    for name in known.splitlines():
        if any(fnmatch.fnmatch(name, one) or name.startswith(f"{one}/") for one in wanted):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, folder / name)
    return folder


def fresh_debian(root: Path) -> Path:
    """Stands for the base image."""
    subprocess.run([*BASE, str(root)], check=True, stdout=subprocess.DEVNULL)
    (root / "usr/bin/python").symlink_to("python3")
    for name in REGISTRY_FILES:
        if Path(name).exists():
            shutil.copy(name, root / name.lstrip("/"))
    return root


def build(work: Path) -> Stage:
    """Carries the Dockerfile out, and returns its last stage."""
    base, files = fresh_debian(work / "base"), context(work / "context")
    stages: dict[str, Stage] = {}
    stage = Stage(base)
    for name, rest in instructions():
        began = time.monotonic()
        if name == "FROM":
            root = work / f"stage-{len(stages)}"
            subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(root)], check=True)
            stage = stages[rest.partition(" AS ")[2] or "last"] = Stage(root)
        elif name == "ENV":
            for word in shlex.split(rest):
                key, _, value = word.partition("=")
                stage.environment[key] = value.replace("$PATH", stage.environment["PATH"])
        elif name == "WORKDIR":
            stage.folder = rest
            (stage.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif name == "USER":
            stage.user = rest
        elif name == "COPY":
            words = shlex.split(rest)
            origin = stages[words.pop(0).partition("=")[2]].root if words[0].startswith("--from") else files
            stage.copy([origin / word.lstrip("/") for word in words[:-1]], words[-1])
        elif name == "RUN":
            stage.run(rest)
        print(f"{time.monotonic() - began:6.1f} s  {name} {rest[:90]}", flush=True)
    return stage


def main() -> int:
    """Builds, checks and measures. Returns an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="leave the image's files here")
    keep = parser.parse_args().keep
    if os.geteuid() or not shutil.which("debootstrap"):
        sys.exit("expected to be root, with Debian's package debootstrap: apt-get install debootstrap")
    with tempfile.TemporaryDirectory(prefix="bantin-image-") as work:
        stage = build(Path(work))
        failed = 0
        for what, command in CHECKS.items():
            try:
                stage.run(command)
            except subprocess.CalledProcessError:
                failed += 1
                what += ": FAILED"
            print(what, flush=True)
        for folder in ("opt/venv", "opt/bantin"):
            size = subprocess.run(["du", "-sm", str(stage.root / folder)], capture_output=True, text=True, check=True)
            print(f"{size.stdout.split()[0]} MB in /{folder}")
        if keep:
            subprocess.run(["cp", "-a", str(stage.root), str(keep)], check=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
