"""The fixture server, for granian."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.mcp.conformance.settings"
application = get_wsgi_application()
