"""The application with all that it needs, loaded once: the processes of a server share it. After `django.setup()`."""

from __future__ import annotations

from django.urls import get_resolver

from config.handler import Handler

# The middleware, and the modules of every address.
application = Handler()
get_resolver().url_patterns  # noqa: B018 - reading it loads them
