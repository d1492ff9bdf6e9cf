"""What is left of a call when its process is killed, by where it was at that moment; and that SIGTERM loses nothing."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from approvals.models import Attempt, Invocation, Status
from approvals.models.invocations import InvocationQuerySet
from approvals.reading import status_now
from chaos.processes import Process, stop_all
from integrations.clock import database_now
from integrations.ninjaone.sandbox.faults import slow
from tests.approvals.asking import again, approve, ask
from tests.chaos.product import Product, kill, wait_for

REBOOT = "/v2/device/43/reboot/NORMAL"
DEVICE = "/v2/device/43"


def approved_reboot(product: Product, device_id: int = 43) -> Invocation:
    return approve(product.tenant, ask(product.tenant, "ninja-reboot-device", device_id=device_id))


def in_background(product: Product, tool: str, /, **options: Any) -> tuple[threading.Thread, list[Any]]:
    """An agent that waits for its answer; what it got, unless the server died."""
    answers: list[Any] = []

    def call() -> None:
        try:
            answers.append(product.invoke(tool, **options))
        except OSError as error:
            answers.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    return thread, answers


def at_ninjaone(product: Product, method: str, path: str, times: int = 1) -> None:
    """Wait until NinjaOne has received it."""
    wait_for(lambda: product.received(method, path) >= times)


def rows(row: Invocation) -> InvocationQuerySet:
    return Invocation.objects.filter(pk=row.pk)


def killed_before_the_claim(product: Product) -> Invocation:
    """An approved reboot whose sender died while it looked whether anything had changed."""
    row = approved_reboot(product)
    product.sandbox.faults.add("GET", DEVICE, slow(20))
    before = product.received("GET", DEVICE)
    with product.running() as processes:
        at_ninjaone(product, "GET", DEVICE, before + 1)
        kill(processes)
    return row


def test_a_kill_before_the_claim_leaves_it_queued_and_it_is_sent_once_later(product: Product) -> None:
    row = killed_before_the_claim(product)
    assert again(row.pk).status == Status.QUEUED
    assert not Attempt.objects.exists()
    assert product.received("POST", REBOOT) == 0
    with product.running():
        wait_for(lambda: again(row.pk).status == Status.SUCCEEDED)
    assert product.received("POST", REBOOT) == 1


def test_what_a_kill_left_queued_is_not_sent_after_its_release_deadline(product: Product) -> None:
    row = killed_before_the_claim(product)
    rows(row).update(release_by=database_now() - timedelta(seconds=1))
    assert status_now(again(row.pk), database_now()) == Status.EXPIRED
    with product.running():
        wait_for(lambda: again(row.pk).status == Status.EXPIRED)
    assert product.received("POST", REBOOT) == 0


def test_a_kill_after_the_claim_makes_a_write_unknown_and_it_is_never_sent_again(product: Product) -> None:
    product.sandbox.faults.add("POST", REBOOT, slow(20))
    with product.running() as processes:
        row = approved_reboot(product)
        at_ninjaone(product, "POST", REBOOT)
        kill(processes)
    assert again(row.pk).status == Status.DISPATCHING
    lease_until = again(row.pk).lease_until
    assert lease_until is not None
    # Read as such the moment the lease is over, before any sweeper ran.
    wait_for(lambda: status_now(again(row.pk), database_now()) == Status.UNKNOWN)
    assert database_now() >= lease_until
    assert again(row.pk).status == Status.DISPATCHING
    with product.running():
        wait_for(lambda: again(row.pk).status == Status.UNKNOWN)
    assert product.received("POST", REBOOT) == 1
    assert again(row.pk).error_code == "outcome_unknown"


def test_a_kill_during_an_auto_write_makes_it_unknown(product: Product) -> None:
    path = "/v2/ticketing/ticket"
    product.sandbox.faults.add("POST", path, slow(20))
    with product.running() as processes:
        arguments = {"organization_id": 2, "ticket_form_id": 1, "subject": "Once"}
        agent, answers = in_background(product, "ninja-create-ticket", **arguments)
        at_ninjaone(product, "POST", path)
        kill(processes)
        agent.join()
    assert isinstance(answers[0], OSError)
    row = Invocation.objects.get()
    with product.running():
        wait_for(lambda: again(row.pk).status == Status.UNKNOWN)
    assert product.received("POST", path) == 1


def test_a_kill_after_the_claim_queues_a_read_again(product: Product) -> None:
    product.sandbox.faults.add("GET", DEVICE, slow(20))
    with product.running() as processes:
        agent, _ = in_background(product, "ninja-get-device", idempotency_key="mine", device_id=43)
        at_ninjaone(product, "GET", DEVICE)
        kill(processes)
        agent.join()
    row = Invocation.objects.get()
    assert row.status == Status.DISPATCHING
    wait_for(lambda: status_now(again(row.pk), database_now()) == Status.QUEUED)
    with product.running():
        wait_for(lambda: again(row.pk).status == Status.SUCCEEDED)
    assert product.received("GET", DEVICE) == 2


def test_a_kill_during_a_read_that_nobody_can_ask_for_again_hands_out_nothing(product: Product) -> None:
    product.sandbox.faults.add("GET", DEVICE, slow(20))
    with product.running() as processes:
        agent, answers = in_background(product, "ninja-get-device", device_id=43)
        at_ninjaone(product, "GET", DEVICE)
        kill(processes)
        agent.join()
    assert isinstance(answers[0], OSError)
    assert not Invocation.objects.exists()


def test_a_lapsed_lease_is_written_down_while_the_dispatcher_waits_for_a_slow_ninjaone(product: Product) -> None:
    product.sandbox.faults.add("POST", REBOOT, slow(30))
    with product.running() as processes:
        stuck = approved_reboot(product, 43)
        at_ninjaone(product, "POST", REBOOT)
        kill(processes)
    slow_one = approved_reboot(product, 41)
    product.sandbox.faults.add("GET", "/v2/device/41", slow(14), times=9)
    with product.running():
        wait_for(lambda: again(stuck.pk).status == Status.UNKNOWN, seconds=12)
    assert again(slow_one.pk).status == Status.QUEUED


def finishes_on_sigterm(processes: list[Process]) -> None:
    assert stop_all(processes) == [0] * len(processes)


def test_sigterm_finishes_an_agents_call_that_is_on_the_wire(product: Product) -> None:
    path = "/v2/ticketing/ticket"
    product.sandbox.faults.add("POST", path, slow(4))
    with product.running(lease_seconds=90) as processes:
        arguments = {"organization_id": 2, "ticket_form_id": 1, "subject": "Slow"}
        agent, answers = in_background(product, "ninja-create-ticket", **arguments)
        at_ninjaone(product, "POST", path)
        finishes_on_sigterm(processes)
        agent.join()
    assert answers[0].status_code == 200
    assert Invocation.objects.get().status == Status.SUCCEEDED


def test_sigterm_finishes_what_was_approved_and_leaves_the_rest_queued(product: Product) -> None:
    # Four go out at once: a busy machine may be slow to hear SIGTERM, but not for the time of two rounds.
    product.sandbox.faults.add("POST", "/v2/device/4./reboot/NORMAL", slow(6), times=20)
    queued = [
        approve(product.tenant, ask(product.tenant, "ninja-reboot-device", device_id=43, reason=f"Number {number}")).pk
        for number in range(10)
    ]
    with product.running(lease_seconds=90) as processes:
        at_ninjaone(product, "POST", REBOOT)
        finishes_on_sigterm(processes)
    stand = [again(pk).status for pk in queued]
    assert set(stand) == {Status.SUCCEEDED, Status.QUEUED}
    assert stand.count(Status.SUCCEEDED) == product.received("POST", REBOOT)
    product.sandbox.faults.clear()
    with product.running():
        wait_for(lambda: all(again(pk).status == Status.SUCCEEDED for pk in queued))
    assert product.received("POST", REBOOT) == len(queued)
