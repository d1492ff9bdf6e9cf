"""Whether a trace in NinjaOne proves that a call whose answer was lost had arrived.

NinjaOne says who did something, never through which call. So a trace proves a call where it is of our own user, under
the consent that the call was sent with, and nothing else can have left it: no other call of this MSP, and nobody who
was seen to use our user. A call is on record before it is sent, so whoever left what was read from NinjaOne is in the
ledger when the reading is over. That nothing is seen proves nothing: NinjaOne does not promise when an activity shows.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.db.models import Q

from approvals.models import Alarm, Effect, EffectKind, Invocation, Lookout, OutcomeState, Status
from approvals.outcomes.finding import Trace
from approvals.outcomes.judging import SKEW
from integrations.models import Connection, ConnectionState

# A call that was written down reaches NinjaOne within that time, or never.
ON_THE_WAY = timedelta(minutes=10)
# NinjaOne keeps what is for an offline device; a call of which nothing was seen may still come.
KEPT = timedelta(days=7)
# A call is asked for, decided and sent within that time.
OPEN_FOR = timedelta(days=1)
# So long after our user did something that nobody asked for here, what it does proves nothing.
DISTRUSTED = timedelta(days=30)
NOT_SENT = Q(status=Status.FAILED) & ~Q(error_code="outcome_unknown")

NOBODY = "NinjaOne does not say who did that, so it may not have been this call."
NOT_OURS = "NinjaOne says that its user {user} did that, and ours is {ours}."
NOT_KNOWN = "NinjaOne says that its user {user} did that, and it is not known yet which one is ours."
RIVAL = "Another call, sent around that time or kept by NinjaOne until then, may have done that."
DISTRUST = "Our NinjaOne user has lately done what no call explains, so somebody else may have done that."
SHARED = "NinjaOne's app is or was in use by another connection, too, which may have done that."
PROOF = (
    "NinjaOne's {what} {id} of {at:%Y-%m-%d %H:%M:%S} UTC is by our own user there ({user}), and no other call can "
    "have left it."
)


def doubt_about(effect: Effect, trace: Trace | None) -> str:
    """Why what NinjaOne shows may not be the call's; "" where it is proven."""
    if trace is None:
        return NOBODY
    known = Lookout.objects.filter(connection_id=effect.connection_id, origin=effect.consent)
    ours = known.values_list("user_id", flat=True).first() if effect.consent else None
    if ours != trace.user_id:
        return (NOT_KNOWN if ours is None else NOT_OURS).format(user=trace.user_id, ours=ours)
    if _has_rival(effect, trace.left_at) or _has_rival_of_another_kind(effect, trace.left_at):
        return RIVAL
    if _is_shared(effect, trace.left_at):
        return SHARED
    distrusted = Alarm.objects.for_msp(effect.msp).filter(
        what=Alarm.What.UNEXPLAINED, raised_at__gte=trace.left_at - DISTRUSTED
    )
    return DISTRUST if distrusted.exists() else ""


def proof_words(effect: Effect, trace: Trace) -> str:
    """What proves it, for people."""
    what = "ticket log entry" if effect.kind == EffectKind.TICKET else "activity"
    return PROOF.format(what=what, id=trace.id, at=trace.left_at, user=trace.user_id)


def _is_shared(effect: Effect, at: datetime) -> bool:
    """Whether calls went to the same NinjaOne that are not in this MSP's ledger, also by who has left it since."""
    mine = effect.connection
    same = Connection.objects.filter(region=mine.region, client_id=mine.client_id)
    if same.exclude(pk=mine.pk).exclude(state=ConnectionState.NOT_AUTHORIZED).exists():
        return True
    sent = Effect.objects.filter(origin=effect.origin, sent_at__range=(at - KEPT, at + SKEW))
    return sent.exclude(connection_id=mine.pk).exists()


def _has_rival(effect: Effect, at: datetime) -> bool:
    """Whether another call that is looked for could have left it, however that one ended."""
    around = Q(sent_at__range=(at - ON_THE_WAY, at + SKEW))
    if effect.kind in {EffectKind.SCRIPT, EffectKind.REBOOT, EffectKind.SERVICE}:
        around |= Q(series_uid="", sent_at__range=(at - KEPT, at)) & ~Q(state=OutcomeState.VERIFIED)
    others = Effect.objects.filter(around, msp_id=effect.msp_id, connection_id=effect.connection_id)
    others = others.filter(_same_place(effect)).exclude(pk=effect.pk)
    return any(_is_alike(effect, other) for other in others.only("kind", "source_name", "wanted"))


def _same_place(effect: Effect) -> Q:
    if effect.kind == EffectKind.SERVICE:  # of whatever service: two may be shown by one name
        return Q(kind=EffectKind.SERVICE, place__name__startswith=f"{effect.place.name.rpartition('/')[0]}/")
    return Q(place_id=effect.place_id)


def _is_alike(effect: Effect, other: Effect) -> bool:
    """Whether the other call would leave the same."""
    match effect.kind:
        case EffectKind.ALERT | EffectKind.TICKET:  # an update is for one version of a ticket
            return other.wanted == effect.wanted
        case EffectKind.REBOOT:
            return other.kind == EffectKind.REBOOT or _may_be_called_reboot(other.source_name)
        case EffectKind.SCRIPT if other.kind == EffectKind.REBOOT:
            return _may_be_called_reboot(effect.source_name)
        case EffectKind.SCRIPT:
            return other.source_name in {"", effect.source_name}
    return True


def _may_be_called_reboot(name: str) -> bool:
    return not name or "reboot" in name.lower()


def _has_rival_of_another_kind(effect: Effect, at: datetime) -> bool:
    """Whether a call that nothing is looked for after could have: one to the same device, ticket or alert."""
    sent = Invocation.objects.filter(
        msp_id=effect.msp_id,
        connection_id=effect.connection_id,
        is_write=True,
        effect__isnull=True,
        created_at__range=(at - OPEN_FOR, at + SKEW),
        dispatch_started_at__range=(at - ON_THE_WAY, at + SKEW),
    ).exclude(NOT_SENT)
    route = re.compile(_route(effect), re.IGNORECASE)
    return any(route.match(path) for path in sent.values_list("path", flat=True))


def _route(effect: Effect) -> str:
    """Where calls go that may touch the same."""
    kind, _, rest = effect.place.name.partition("/")
    match kind:
        case "alerts":
            return f"/v2/alert/{re.escape(effect.wanted)}"
        case "ticket":
            return rf"/v2/ticketing/ticket/0*{rest}(/|$)"
    return rf"/v2/device/0*{rest.partition('/')[0]}(/|$)"
