"""The files of an installation: what docker-compose.yml promises, checked as `docker compose` would read it.

That the services work together is shown by the cluster test, which runs their commands as plain processes."""

import importlib.util
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import compose
from tests.compose import CHECKOUT

GUIDE = CHECKOUT / "docs" / "installation.md"
SEVERAL = CHECKOUT / "deploy" / "several-machines.yml"
OURS = ("init", "api-server", "scheduler", "dag-processor", "triggerer", "worker", "browser")
SECRET = re.compile("PASSWORD|SECRET|KEY")


@pytest.fixture(scope="module")
def dotenv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .env that the recipe in docs/installation.md makes."""
    folder = tmp_path_factory.mktemp("installation")
    _follow_recipe(folder)
    return folder / ".env"


@pytest.fixture(scope="module")
def services(dotenv: Path) -> dict[str, Any]:
    return compose.services(_values(dotenv) | {"BANTIN_CONTACT": "archive@example.org"})


def _follow_recipe(folder: Path) -> None:
    recipe = re.search(r"```sh\n(\[ -e \.env \].*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert recipe
    subprocess.run(["sh", "-euc", recipe[1]], cwd=folder, check=True, capture_output=True)


def _values(dotenv: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in dotenv.read_text().splitlines() if line)


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_nothing_starts_without_the_secrets() -> None:
    named = list(compose.variables(compose.read()))
    assert {kind for name, kind, _ in named if SECRET.search(name)} == {":?"}
    for secret in sorted({name for name, kind, _ in named if kind == ":?"}):
        others = {name: "x" for name, _, _ in named if name != secret}
        with pytest.raises(compose.Required, match=secret):
            compose.services(others)


def test_the_recipe_makes_all_secrets_and_no_two_alike(dotenv: Path) -> None:
    values = _values(dotenv)
    required = {name for name, kind, _ in compose.variables(compose.read()) if kind == ":?"}
    secrets = {name: values[name] for name in required if name not in ("S3_ACCESS_KEY", "BANTIN_CONTACT")}
    assert len(set(secrets.values())) == len(secrets)
    assert all(len(value) >= 32 and re.fullmatch("[A-Za-z0-9_=-]+", value) for value in secrets.values())
    assert dotenv.stat().st_mode & 0o777 == 0o600


def test_the_recipe_leaves_an_env_file_that_is_there(dotenv: Path) -> None:
    before = dotenv.read_text()
    _follow_recipe(dotenv.parent)
    assert dotenv.read_text() == before


def test_the_fernet_key_is_one(dotenv: Path) -> None:
    from cryptography.fernet import Fernet

    key = Fernet(_values(dotenv)["AIRFLOW_FERNET_KEY"])
    assert key.decrypt(key.encrypt(b"x")) == b"x"


def test_no_secret_reaches_an_image_or_the_repository() -> None:
    assert (CHECKOUT / ".dockerignore").read_text().splitlines()[1] == "*"
    assert "!.env" not in (CHECKOUT / ".dockerignore").read_text()
    assert {"/.env", "/settings.env"} <= set((CHECKOUT / ".gitignore").read_text().splitlines())


def test_the_browser_has_no_key_but_the_archives(services: dict[str, Any]) -> None:
    assert not [name for name in services["browser"]["environment"] if name.startswith("AIRFLOW")]
    assert services["browser"]["env_file"] == []


# --- services --------------------------------------------------------------------------------------------------------


def test_every_service_is_watched_bounded_and_started_again(services: dict[str, Any]) -> None:
    for name, service in services.items():
        limits = service["deploy"]["resources"]["limits"]
        assert limits.keys() >= {"cpus", "memory", "pids"}, name
        assert service["restart"] == ("on-failure:5" if name == "init" else "unless-stopped"), name
        assert service["logging"]["options"].keys() >= {"max-size", "max-file"}, name
        assert "no-new-privileges:true" in service["security_opt"], name
        if name != "init":
            assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name


def test_images_are_pinned(services: dict[str, Any]) -> None:
    for name, service in services.items():
        tag = service["image"].partition(":")[2]
        assert tag not in ("", "latest"), name


def test_workers_can_be_many(services: dict[str, Any]) -> None:
    assert services["worker"]["deploy"]["replicas"] == "2"  # by .env, so that a plain `up` leaves their number
    assert not services["worker"].keys() & {"container_name", "hostname", "ports"}


def test_what_is_published_listens_on_loopback(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"api-server": ["127.0.0.1:8080:8080"], "browser": ["127.0.0.1:8000:8000"]}


def test_for_other_machines_a_private_address_must_be_named() -> None:
    with pytest.raises(compose.Required, match="PRIVATE_ADDRESS"):
        compose.services({}, SEVERAL)
    for name, service in compose.services({"PRIVATE_ADDRESS": "10.0.0.1"}, SEVERAL).items():
        assert all(port.startswith("10.0.0.1:") for port in service["ports"]), name


def test_database_broker_and_store_reach_nothing_outside(services: dict[str, Any]) -> None:
    file = compose.read()
    assert file["networks"]["inside"] == {"internal": True}
    assert all(services[name]["networks"] == ["inside"] for name in ("postgres", "redis", "store"))


def test_whatever_asks_for_the_archive_reaches_a_store_elsewhere(services: dict[str, Any]) -> None:
    for name in {*OURS} - {"scheduler"}:
        assert "outside" in services[name]["networks"], name


def test_volumes_networks_and_services_that_are_named_are_there(services: dict[str, Any]) -> None:
    file = compose.read()
    for name, service in services.items():
        assert set(service["networks"]) <= file["networks"].keys(), name
        assert service.get("depends_on", {}).keys() <= services.keys(), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (CHECKOUT / source).is_dir() if source.startswith(".") else source in file["volumes"], name


# --- commands and environment ----------------------------------------------------------------------------------------


def test_commands_are_there(services: dict[str, Any]) -> None:
    from bantin.commands.browse import browse

    for name in OURS:
        for words in (services[name]["command"], services[name]["healthcheck"].get("test", ["CMD", "python"])[1:]):
            assert words[0] in ("airflow", "bantin", "python"), name
            assert all((CHECKOUT / word).exists() for word in words if word.endswith(".py")), name
    browse.make_context("browse", services["browser"]["command"][2:])


def test_airflow_knows_every_option_that_is_set(services: dict[str, Any]) -> None:
    spec = importlib.util.find_spec("airflow")
    assert spec
    assert spec.submodule_search_locations
    known = yaml.safe_load((Path(spec.submodule_search_locations[0]) / "config_templates/config.yml").read_text())
    for name in services["worker"]["environment"]:
        if name.startswith("AIRFLOW__"):
            _, section, option = name.lower().split("__")
            assert section.startswith("celery") or option in known[section]["options"], (
                name
            )  # celery's come with its provider


def test_all_processes_of_airflow_have_one_environment(services: dict[str, Any]) -> None:
    first = services["worker"]["environment"]
    assert all(first.items() <= services[name]["environment"].items() for name in OURS if name != "browser")


def test_the_chart_is_told_what_docker_compose_is(services: dict[str, Any]) -> None:
    values = yaml.safe_load((CHECKOUT / "deploy" / "helm-values.yaml").read_text("utf-8"))
    environment = services["worker"]["environment"]
    own = {"hostname_callable"}  # how pods are reached
    for section, options in values["config"].items():
        for option, value in options.items():
            if option not in own:
                assert environment[f"AIRFLOW__{section}__{option}".upper()] == str(value), option
    assert values["executor"] == environment["AIRFLOW__CORE__EXECUTOR"]
    assert values["dags"]["mountPath"] == environment["AIRFLOW__CORE__DAGS_FOLDER"]


# --- the image -------------------------------------------------------------------------------------------------------


def test_the_image_has_what_is_locked_and_runs_without_rights() -> None:
    lines = (CHECKOUT / "Dockerfile").read_text("utf-8")
    assert re.findall(r"pip install .* -r /tmp/(\S+)", lines) == ["requirements.lock", "requirements-cluster.lock"]
    assert re.findall(r"^USER (.*)", lines, re.MULTILINE) == ["50000:0"]


def test_both_locks_agree() -> None:
    plain, cluster = (
        set(re.findall(r"^(\S+==\S+)", (CHECKOUT / name).read_text("utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-cluster.lock")
    )
    assert plain < cluster
    assert any(pin.startswith("celery==5.6.") for pin in cluster)  # 5.7 does not start under the provider


def test_what_the_packages_read_is_in_the_image() -> None:
    ignored = (CHECKOUT / ".dockerignore").read_text("utf-8").splitlines()
    packages = re.search(r"^packages = \[(.*)\]", (CHECKOUT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert packages
    for name in (*re.findall(r'"(\w+)"', packages[1]), "dags", "sources", "deploy"):
        assert f"!{name}" in ignored, name
