"""Recovery codes: shown once, in answer to a POST. Looking at their page changes nothing and shows none."""

from __future__ import annotations

import time
from typing import Any, cast

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.flows import generate_recovery_codes
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from integrations.models import User
from integrations.sign_ins import record_shown_codes


@require_http_methods(["GET", "HEAD", "POST"])
def codes_page(request: HttpRequest) -> HttpResponse:
    """How many are left; to a POST the codes themselves, where nobody has seen them yet."""
    user = cast(User, request.user)
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    if row is None:
        raise Http404
    unused = row.wrap().get_unused_codes()
    context = {
        "codes": "\n".join(unused) if request.method == "POST" and showing_claim(request, row) else "",
        "left": len(unused),
        "was_shown": bool(row.data.get("viewed_at")),
    }
    return TemplateResponse(request, "mfa/recovery_codes/index.html", context)


def showing_claim(request: HttpRequest, row: Authenticator) -> bool:
    """Whether the codes may be shown now, which is once, and on record. One UPDATE: of two clicks one wins."""
    if row.data.get("viewed_at"):
        return False
    shown = {**row.data, "viewed_at": time.time()}
    with transaction.atomic():
        if not Authenticator.objects.filter(pk=row.pk, data=row.data).update(data=shown):
            return False
        record_shown_codes(request, cast(User, request.user))
    return True


class NewCodesView(GenerateRecoveryCodesView):  # type: ignore[misc]
    """New codes in place of the old ones, shown at once: the answer to this POST is their page."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Make and show them."""
        generate_recovery_codes(self.request)
        return codes_page(self.request)
