"""Agent keys as DRF knows authentication. Cookies play no part."""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from integrations.addresses import client_address
from integrations.agent_keys import InvalidKeyError, Principal, agent_key_authenticate


class AgentKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer cs_...`."""

    def authenticate(self, request: HttpRequest) -> tuple[None, Principal]:
        """The principal. Raises AuthenticationFailed, also without a header."""
        try:
            return None, agent_key_authenticate(
                authorization=request.META.get("HTTP_AUTHORIZATION"),
                address=lambda: client_address(request),
            )
        except InvalidKeyError as error:
            raise AuthenticationFailed from error

    def authenticate_header(self, request: HttpRequest) -> str:
        """What WWW-Authenticate says."""
        return "Bearer"
