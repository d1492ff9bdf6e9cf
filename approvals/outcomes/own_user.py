"""Who we are in NinjaOne, as far as runs that were ours have shown.

One run whose output has our nonce proves it. An MSP that runs no bash has none: there three runs in a row must agree,
each the only one of its name on its device since the moment before it was sent. A proof sets a guess right.
"""

from __future__ import annotations

from django.db.models import F

from approvals.models import Effect, Lookout
from approvals.outcomes.opening import consent_of
from integrations.clock import database_now
from integrations.models import Connection

# Runs in a row that have to agree where none is proven.
ENOUGH = 3


def own_user_of(connection: Connection) -> int | None:
    """The id of the technician whose consent we use; None before it was learned, or for another NinjaOne."""
    known = Lookout.objects.filter(connection=connection, origin=consent_of(connection))
    return known.values_list("user_id", flat=True).first()


def own_user_learn(effect: Effect, user_id: int) -> bool:
    """Who ran what only we could start is who we are; from then on what that user does is looked at.

    Whether that was not known before.
    """
    connection = effect.connection
    if connection.authorized_at is None or effect.sent_at < connection.authorized_at:
        return False  # somebody else may have consented since
    mine, origin = Lookout.objects.filter(connection_id=effect.connection_id), consent_of(connection)
    if mine.filter(origin=origin, user_id=user_id).exists():
        return False
    return bool(mine.update(user_id=user_id, origin=origin, last_id=None, due_at=database_now()))


def own_user_guess(effect: Effect, user_id: int) -> bool:
    """Who began a run that was most likely ours is most likely who we are; known when enough runs in a row agree.

    Whether this one made it known.
    """
    connection = effect.connection
    if connection.authorized_at is None or effect.sent_at < connection.authorized_at:
        return False
    mine, guess = Lookout.objects.filter(connection_id=effect.connection_id), f"{user_id} {consent_of(connection)}"
    if own_user_of(connection) is not None:
        return False
    if not mine.filter(guess=guess).update(guesses=F("guesses") + 1):
        mine.update(guess=guess, guesses=1)
    return mine.filter(guess=guess, guesses__gte=ENOUGH).exists() and own_user_learn(effect, user_id)
