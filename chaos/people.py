"""Approvers who decide at random, each from a thread with a database connection of its own."""

from __future__ import annotations

import random
import threading

from django.db import Error, connections

from approvals.decisions import request_approve, request_deny
from approvals.errors import GateError
from approvals.models import Invocation, ReasonCode, Status
from integrations.models import Membership, User

PAUSE_SECONDS = 0.3
# Of what waits, so much is decided each time somebody looks, and so much of that is approved.
DECIDED_SHARE, APPROVED_SHARE = 0.5, 0.8


class People(threading.Thread):
    """The approvers of all MSPs, until `stop`; then they decide what is left."""

    def __init__(self, stop: threading.Event, seed: int) -> None:
        super().__init__(name="people", daemon=True)
        self.stop = stop
        self.rng = random.Random(seed)  # noqa: S311  no secret
        self.decided = 0

    def run(self) -> None:
        """Look, decide, look again."""
        while not self.stop.wait(PAUSE_SECONDS):
            self._look(DECIDED_SHARE)
        connections.close_all()

    def decide_the_rest(self) -> None:
        """Everything that still waits. Call it when the thread has ended."""
        while Invocation.objects.filter(status=Status.PENDING_APPROVAL).exists():
            self._look(1.0)

    def _look(self, share: float) -> None:
        try:
            waiting = Invocation.objects.filter(status=Status.PENDING_APPROVAL).select_related("msp")[:50]
            for row in waiting:
                if self.rng.random() < share:
                    self._decide(row)
        except Error:
            # The database is busy with the servers; people look again.
            connections.close_all()

    def _decide(self, row: Invocation) -> None:
        approver = self.rng.choice(self._approvers(row))
        try:
            if self.rng.random() < APPROVED_SHARE:
                request_approve(user=approver, msp=row.msp, invocation_id=row.pk, digest=row.digest)
            else:
                request_deny(
                    user=approver,
                    msp=row.msp,
                    invocation_id=row.pk,
                    digest=row.digest,
                    reason_code=ReasonCode.WRONG_TIME,
                )
        except GateError:
            return  # withdrawn, or decided by somebody else
        self.decided += 1

    def _approvers(self, row: Invocation) -> list[User]:
        members = Membership.objects.for_msp(row.msp).filter(is_approver=True).select_related("user")
        return [member.user for member in members]
