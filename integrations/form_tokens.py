"""`{% csrf_token %}` that also says which MSP its page is of.

Whoever works for two MSPs and switches in another tab has pages of the first one still open. What they send there is
not for the second: the wrong agents would be stopped, somebody invited to the wrong team.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html

if TYPE_CHECKING:
    from integrations.models import Membership

register = template.Library()

FIELD, HEADER = "page_of", "X-Msp"


class FormTokenNode(CsrfTokenNode):
    """Django's, and the MSP where the page is of one."""

    def render(self, context: Context) -> str:
        """Hidden fields."""
        token: str = super().render(context)
        membership = context.get("membership")
        if membership is None:
            return token
        return token + format_html('<input type="hidden" name="{}" value="{}">', FIELD, membership.msp_id)


@register.tag
def csrf_token(parser: Any, token: Any) -> FormTokenNode:
    """In place of Django's, by TEMPLATES in the settings."""
    return FormTokenNode()


def is_page_of_another(request: HttpRequest, membership: Membership | None) -> bool:
    """Whether the page that asks is of another MSP than the one that this person works for now.

    A form says whose it is by its field, what a script asks for by the header that base.html gives it.
    """
    said = {request.POST.get(FIELD), request.headers.get(HEADER)}
    return bool(said - {None, None if membership is None else str(membership.msp_id)})
