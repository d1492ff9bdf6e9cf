"""compose.yaml, nginx's configuration, the image and the units say the same, and nothing is left open."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from config.environment import SECRETS
from config.server import GRACE_SECONDS
from tests.config.processes import ROOT
from tests.machines.site import SERVE

NGINX = (ROOT / "deploy" / "nginx.conf").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
# What PostgreSQL has by default, without what it keeps for superusers.
CONNECTIONS = 97


def test_nginx_asks_the_web_processes_and_they_believe_nginx_alone() -> None:
    fronts = {name: service["networks"]["front"]["ipv4_address"] for name, service in OURS.items() if "web" in name}
    assert set(re.findall(r"^ +server ([\d.]+):8800", NGINX, re.MULTILINE)) == set(fronts.values())
    assert len(fronts) == 2
    believed = {service["environment"]["TRUSTED_PROXIES"] for service in OURS.values()}
    assert believed == {SERVICES["nginx"]["networks"]["front"]["ipv4_address"]}


def test_nginx_sends_no_post_twice() -> None:
    [conditions] = re.findall(r"^ +proxy_next_upstream (.+);", NGINX, re.MULTILINE)
    assert set(conditions.split()) == {"error", "timeout"}


def drain_of(command: list[str]) -> int:
    return int(command[command.index("--drain") + 1]) if "serve" in command else 0


def test_a_web_process_drains_for_longer_than_nginx_keeps_a_connection() -> None:
    [kept] = re.findall(r"^ +keepalive (?:\d+);\n(?: +#.*\n)* +keepalive_timeout (\d+)s;", NGINX, re.MULTILINE)
    drains = [drain_of(service["command"]) for service in OURS.values() if "serve" in service["command"]]
    unit = (ROOT / "deploy" / "systemd" / "countersign-web.service").read_text()
    assert min(*drains, drain_of(unit.split()), drain_of(["serve", *SERVE])) > int(kept)


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_do_little(name: str) -> None:
    service = OURS[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in service
    assert "user" not in service, "the image says who it runs as"
    assert re.search(r"^USER 10001:10001$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert int(service["stop_grace_period"].removesuffix("s")) > GRACE_SECONDS + drain_of(service["command"])


def test_nobody_but_nginx_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    assert set(SERVICES["database"]["networks"]) == {"inside"}
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_prometheus_reaches_each_process_from_inside() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    for name, service in OURS.items():
        if name == "migrate":
            continue
        command, port = service["command"], "8800" if "web" in name else "9100"
        assert f"`{name}:{port}`" in guide
        assert "inside" in service["networks"]
        assert "metrics_token" in service["secrets"]
        if "web" in name:
            assert name in service["environment"]["ALLOWED_HOSTS"].split(",")
        else:
            assert command[1:] == ["--metrics-host", "0.0.0.0", "--metrics-port", port]  # noqa: S104


def test_the_database_is_not_called_ready_while_it_is_made() -> None:
    assert "-h" in SERVICES["database"]["healthcheck"]["test"]


def test_secrets_come_as_files() -> None:
    for service in OURS.values():
        named = {name: value for name, value in service["environment"].items() if name.endswith("_FILE")}
        assert {name.removesuffix("_FILE") for name in named} <= set(SECRETS)
        assert set(named.values()) == {f"/run/secrets/{name}" for name in service["secrets"]}
        assert not set(SECRETS) & set(service["environment"])
    assert "secrets/" in (ROOT / ".gitignore").read_text().split()
    assert "!secrets" not in (ROOT / ".dockerignore").read_text()


def test_every_setting_reaches_our_containers() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    [name] = {service["env_file"] for service in OURS.values()}
    assert f"> {name}" in guide
    assert guide.count("docker compose") == guide.count(f"docker compose --env-file {name}")
    assert name in (ROOT / ".gitignore").read_text().split()


def test_everybody_waits_for_the_migration_and_all_fit_into_the_database() -> None:
    needed = 0
    for name, service in OURS.items():
        pool, command = int(service["environment"]["DATABASE_POOL"]), service["command"]
        if name == "migrate":
            assert service["restart"] == "no"
            continue
        assert service["restart"] == "always"
        assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        needed += pool + 1 if command[0] == "worker" else pool * int(command[command.index("--workers") + 1])
    assert needed < CONNECTIONS


def test_the_image_holds_every_room_and_no_more() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")}
    assert let_in == {
        *("requirements.txt", "manage.py", "config", "approvals", "tools", "integrations", "templates", "locale")
    }


@pytest.mark.parametrize("unit", ["countersign-web.service", "countersign-worker@.service"])
def test_a_unit_stops_as_gently_and_hides_its_secrets(unit: str) -> None:
    text = (ROOT / "deploy" / "systemd" / unit).read_text()
    [command] = re.findall("^ExecStart=(.+)$", text, re.MULTILINE)
    assert int(re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)[0]) > GRACE_SECONDS + drain_of(command.split())
    assert "Restart=always" in text
    assert set(re.findall(r"(\w+)_FILE=%d/", text)) == {"DATABASE_URL", "SECRET_KEY", "FERNET_KEYS", "AUDIT_KEY"}


@pytest.mark.parametrize("unit", ["countersign-web.service", "countersign-worker@.service"])
def test_a_command_by_hand_has_what_the_units_have(unit: str) -> None:
    text, by_hand = ((ROOT / "deploy" / "systemd" / name).read_text() for name in (unit, "countersign-manage"))
    for setting in ("User", "EnvironmentFile", "LoadCredential", "StateDirectory"):
        given = re.findall(rf"^{setting}=(.+)$", text, re.MULTILINE)
        assert given
        assert re.findall(rf"--property={setting}=(\S+)", by_hand) == given
    files = re.findall(r"(\w+_FILE)=%d/(\w+)", text)
    assert re.findall(r'(\w+_FILE)="\$CREDENTIALS_DIRECTORY/(\w+)"', by_hand) == files
    assert re.findall(r"(AUDIT_CHECKPOINT_FILE=\S+)", by_hand) == re.findall(r"(AUDIT_CHECKPOINT_FILE=\S+)", text)
