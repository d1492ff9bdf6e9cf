"""Before what matters most a person shows once more that it is them: no longer ago than `STEP_UP_SECONDS`.

Where somebody has a second factor, only that counts. Nothing that was posted is kept and sent again afterwards: the way
leads back to the page, where they read and press the button anew.
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

SESSION_KEY = "identified_at"


def identified(request: HttpRequest) -> None:
    """Notes that the person has just shown who they are: by a whole sign-in, or again."""
    request.session[SESSION_KEY] = time.time()


def recently_authenticated(request: HttpRequest) -> bool:
    """Whether the person behind this session showed who they are recently enough."""
    if not request.user.is_authenticated:
        return False
    at = request.session.get(SESSION_KEY)
    return isinstance(at, float) and 0 <= time.time() - at < settings.STEP_UP_SECONDS


def step_up(request: HttpRequest, *, back: str) -> HttpResponseRedirect | None:
    """None where they did; else the way to the page that asks, and from there to `back`: a page to look at, of ours.

    A view calls this before it does anything: `if (ask := step_up(request, back=url)) is not None: return ask`.
    """
    if recently_authenticated(request):
        return None
    if request.method == "POST":
        messages.warning(request, _("Nothing was done yet. Confirm that it is you, then press the button again."))
    return HttpResponseRedirect(f"{reverse('confirm-identity')}?{urlencode({'next': back})}")


class AsksAgainMixin:
    """A ModelAdmin whose changes somebody with an open browser must not make. Stands before Django's class."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Add or change, after confirming it."""
        return _asked_again(request) or super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Delete, after confirming it."""
        return _asked_again(request) or super().delete_view(request, *args, **kwargs)  # type: ignore[misc]

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Set somebody's password, after confirming it."""
        return _asked_again(request) or super().user_change_password(request, *args, **kwargs)  # type: ignore[misc]


def _asked_again(request: HttpRequest) -> HttpResponseRedirect | None:
    return step_up(request, back=request.path) if request.method == "POST" else None
