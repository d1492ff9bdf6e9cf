"""Agents that read, write and ask, over HTTP, while servers die under them."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import requests

from chaos.verdict import Call
from integrations.ninjaone.sandbox.world import World

# An agent asks about once a second: a third writes, half of those at once and half after a person's approval.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 1.2
RETRY_SECONDS = 20.0
DEVICES = (41, 43, 44)
WRITES = {"ninja-create-ticket", "ninja-reboot-device", "ninja-run-script"}
# Of all calls so many are such as nobody else makes: what is lost of those can be settled by what NinjaOne shows.
LONELY_SHARE = 0.12

# A tool and its arguments.
Wish = tuple[str, dict[str, Any]]


def lonely_calls(world: World, rng: random.Random) -> list[Wish]:
    """Each script and action once for each device that it fits, and a reboot of each that is not rebooted otherwise."""
    scripts = [each for each in world.scripts.values() if each.active and not each.is_bridge and not each.variables]
    wishes: list[Wish] = []
    for device in world.devices.values():
        what: list[dict[str, Any]] = [
            *({"script_id": each.id} for each in scripts if device.platform in each.operating_systems),
            *({"action_uid": each.uid} for each in world.actions.values() if device.platform in each.platforms),
        ]
        wishes += [("ninja-run-script", {"device_id": device.id, **one}) for one in what]
        if device.id not in DEVICES:
            wishes.append(("ninja-reboot-device", {"device_id": device.id}))
    rng.shuffle(wishes)
    return wishes


class Agent(threading.Thread):
    """One agent with its own key, until `stop`. `ports` gives the servers that are up right now."""

    def __init__(
        self,
        name: str,
        key: str,
        *,
        ports: Callable[[], list[int]],
        stop: threading.Event,
        lonely: list[Wish],
        rng: random.Random,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.ports, self.stop, self.rng = ports, stop, rng
        self.lonely = lonely  # shared with the other agents of the MSP
        self.calls: list[Call] = []
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {key}"

    def run(self) -> None:
        """Call after call."""
        while not self.stop.is_set():
            if not self.ports():
                self.stop.wait(0.1)
                continue
            self._call(len(self.calls))
            self.stop.wait(self.rng.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))
        self.session.close()

    def _call(self, number: int) -> None:
        mark = f"{self.name} call {number}"
        tool, arguments = self._choose(mark)
        has_key = self.rng.random() < 0.5
        call = Call(mark=mark, is_write=tool in WRITES)
        call.idempotency_key = mark if has_key else None
        self.calls.append(call)
        headers = {"Idempotency-Key": mark} if has_key else {}
        body = {"arguments": arguments, "reason": mark}
        stop_at = time.monotonic() + RETRY_SECONDS
        # Without a key only a fool calls again: the first try may have worked.
        while not self._try(call, "POST", f"/api/v1/tools/{tool}/invoke", json=body, headers=headers):
            if not has_key or time.monotonic() > stop_at:
                return
            self.stop.wait(0.2)
        self._look_again(call)

    def _choose(self, mark: str) -> tuple[str, dict[str, Any]]:
        if self.rng.random() < LONELY_SHARE and self.lonely:
            tool, arguments = self.lonely.pop()
            return tool, {**arguments, "reason" if tool == "ninja-reboot-device" else "parameters": mark}
        match self.rng.random():
            case chance if chance < 0.14:
                subject = {"organization_id": 2, "ticket_form_id": 1, "subject": mark}
                return "ninja-create-ticket", subject
            case chance if chance < 0.25:
                return "ninja-reboot-device", {"device_id": self.rng.choice(DEVICES), "reason": mark}
            case chance if chance < 0.62:
                return "ninja-list-devices", {"organization_id": 2}
        return "ninja-get-device", {"device_id": self.rng.choice(DEVICES)}

    def _look_again(self, call: Call) -> None:
        """Follow an open one for a moment, or withdraw it."""
        _, envelope = call.answers[-1]
        if envelope.get("next") is None or "id" not in envelope:
            return
        address = f"/api/v1/invocations/{envelope['id']}"
        chance = self.rng.random()
        if chance < 0.1:
            self._try(call, "POST", f"{address}/cancel")
        elif chance < 0.4:
            self._try(call, "GET", f"{address}?wait=1")

    def _try(self, call: Call, method: str, path: str, **options: Any) -> bool:
        """One request; False when no answer came."""
        ports = self.ports()
        if not ports:
            return False
        try:
            answer = self.session.request(
                method, f"http://127.0.0.1:{self.rng.choice(ports)}{path}", timeout=(2, 70), **options
            )
            envelope = answer.json()
        except requests.RequestException:
            call.cut_off += 1
            with contextlib.suppress(requests.RequestException):
                self.session.close()
            return False
        call.answers.append((answer.status_code, envelope))
        return True
