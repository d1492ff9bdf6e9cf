from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from django.conf import LazySettings

from tests.approvals.notices.places import Hooks, Mailbox, hooks_served, mail_served


@pytest.fixture
def loopback(settings: LazySettings) -> None:
    """The operator lets messages go to this machine."""
    settings.NOTICES_MAY_REACH = [ip_network("127.0.0.0/8")]


@pytest.fixture
def hooks(loopback: None) -> Iterator[Hooks]:
    """A receiver of webhooks."""
    with hooks_served() as hooks:
        yield hooks


@pytest.fixture
def mailbox(settings: LazySettings) -> Iterator[Mailbox]:
    """The operator's mail server."""
    with mail_served() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        settings.EMAIL_IS_SET_UP = True
        yield box
