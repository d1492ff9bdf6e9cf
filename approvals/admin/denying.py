"""Deny several requests with one reason, each by a decision of its own. Nothing is ever approved this way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast
from uuid import UUID

from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from approvals.admin.asking_again import is_grave
from approvals.admin.forms import DenyManyForm
from approvals.admin.lists import LedgerAdmin
from approvals.decisions import request_deny
from approvals.display.queue import deciders_of
from approvals.display.rows import Row
from approvals.display.sentence import sentence_of
from approvals.errors import GateError
from approvals.models import Invocation, ReasonCode
from integrations.clock import database_now
from integrations.models import Msp, User
from integrations.step_up import recently_authenticated, step_up
from integrations.tenant_admin import acting_member

TEMPLATES = "admin/approvals/approvalrequest"
# As many as a page lists.
MOST = 50


class Choice(NamedTuple):
    """A request and the digest of what its line stood for when somebody ticked it."""

    id: UUID
    digest: str


class Told(NamedTuple):
    """What became of one choice; no sentence where there is no such request."""

    sentence: SafeString
    is_denied: bool
    words: str
    decided_by: str


class DeniesMany(LedgerAdmin):
    """The page on which several requests are ticked and denied."""

    def deny_many(self, request: HttpRequest) -> HttpResponse:
        """What waits, by the queue's filters, with a box each; then what became of the ticked ones."""
        form = DenyManyForm(request.POST if request.method == "POST" else None)
        choices = choices_of(request.POST.getlist("chosen"))
        if request.method != "POST" or not form.is_valid() or not choices:
            return self._ask(request, form, choices)
        member, user = acting_member(request), cast(User, request.user)
        rows = rows_of(member.msp, choices)
        if any(is_grave(row.tool) for row in rows.values()):
            ask = step_up(request, back=reverse("admin:approval-deny-many"))
            if ask is not None:
                return ask
        refusals = deny_each(
            user=user,
            msp=member.msp,
            choices=choices,
            reason_code=ReasonCode(form.cleaned_data["reason_code"]),
            comment=form.cleaned_data["comment"],
            acceptable=form.cleaned_data["acceptable"],
        )
        context = {
            **self.admin_site.each_context(request),
            "title": _("Denied together"),
            "told": told_of(member.msp, choices, refusals),
            "denied": sum(1 for refusal in refusals if refusal is None),
        }
        return TemplateResponse(request, f"{TEMPLATES}/denied.html", context)

    def _ask(self, request: HttpRequest, form: DenyManyForm, choices: Sequence[Choice]) -> HttpResponse:
        try:
            found = [*self.get_changelist_instance(request).result_list]
        except IncorrectLookupParameters:
            return redirect("admin:approval-deny-many")
        lines: list[Row] = [row for row in self.lines(request, found, database_now()) if row.is_waiting]
        digests = {row.pk: row.digest for row in found}
        context = {
            **self.admin_site.each_context(request),
            "title": _("Deny several requests"),
            "form": form,
            "boxes": [(row, f"{row.id}.{digests[row.id]}") for row in lines],
            "ticked": {choice.id for choice in choices},
            "is_nothing_ticked": request.method == "POST" and not choices,
            "must_confirm": any(is_grave(row.tool) for row in found) and not recently_authenticated(request),
        }
        status = 422 if request.method == "POST" else 200
        return TemplateResponse(request, f"{TEMPLATES}/deny_many.html", context, status=status)


def choices_of(values: Sequence[str]) -> list[Choice]:
    """What was ticked, each once; what is none is left out, and so is what is more than a page lists."""
    found: dict[UUID, Choice] = {}
    for value in values[:MOST]:
        number, _, digest = value.partition(".")
        try:
            choice = Choice(UUID(number), digest[:71])
        except ValueError:
            continue
        found.setdefault(choice.id, choice)
    return [*found.values()]


def deny_each(
    *,
    user: User,
    msp: Msp,
    choices: Sequence[Choice],
    reason_code: ReasonCode,
    comment: str,
    acceptable: str = "",
) -> list[GateError | None]:
    """Deny each choice as if it were the only one. For each the refusal, or None where it is denied now."""
    refusals: list[GateError | None] = []
    for choice in choices:
        try:
            request_deny(
                user=user,
                msp=msp,
                invocation_id=choice.id,
                digest=choice.digest,
                reason_code=reason_code,
                comment=comment,
                acceptable=acceptable,
            )
        except GateError as error:
            refusals.append(error)
        else:
            refusals.append(None)
    return refusals


def rows_of(msp: Msp, choices: Sequence[Choice]) -> dict[UUID, Invocation]:
    """The MSP's own requests among the choices."""
    own = Invocation.objects.for_msp(msp).requests().filter(pk__in=[choice.id for choice in choices])
    return {row.pk: row for row in own.select_related("agent")}


def told_of(msp: Msp, choices: Sequence[Choice], refusals: Sequence[GateError | None]) -> list[Told]:
    """What became of each choice, and who was faster."""
    rows = rows_of(msp, choices)
    names = deciders_of([*rows.values()])
    return [
        Told(
            sentence=sentence_of(rows[choice.id]) if choice.id in rows else SafeString(""),
            is_denied=refusal is None,
            words=_("Denied.") if refusal is None else refusal.message,
            decided_by=names.get(choice.id, "") if refusal is not None else "",
        )
        for choice, refusal in zip(choices, refusals, strict=True)
    ]
