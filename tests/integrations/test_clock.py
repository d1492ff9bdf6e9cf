"""The database's time, which all deadlines are judged by."""

from __future__ import annotations

from integrations.clock import Now, database_now
from integrations.models import Msp
from tests.cast import Tenant


def test_what_is_set_to_now_is_due_from_this_very_moment(acme: Tenant) -> None:
    rows = Msp.objects.filter(pk=acme.msp.pk)
    for _ in range(100):
        rows.update(created_at=database_now())
        assert rows.filter(created_at__lte=Now()).exists()
        assert not rows.filter(created_at__gt=Now()).exists()


def test_a_moment_comes_back_as_it_was_told(acme: Tenant) -> None:
    told = Msp.objects.annotate(told=Now()).values_list("told", flat=True).get(pk=acme.msp.pk)
    assert abs((database_now() - told).total_seconds()) < 60
    assert told.tzinfo is not None
