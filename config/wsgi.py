"""The WSGI application, as each of the server's worker processes loads it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal

import django
from django.apps import apps
from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries

from config import environment
from config.unsafe import serve_safely
from integrations.traces import traces_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
serve_safely(settings.START)
if not apps.ready:  # but they are, where `manage.py serve` has forked
    django.setup(set_prefix=False)
# Its models can be imported only now that the applications are set up.
from config import loaded  # noqa: E402

application = loaded.application

# What each request would pay for and get nothing from: a list that only DEBUG fills, caches that have nothing to close,
# URLs of another site, and a second look at a connection that stays (one of a pool has to go back to it).
request_started.disconnect(reset_queries)
request_finished.disconnect(close_caches)
request_finished.disconnect(reset_urlconf)
if settings.DATABASES["default"]["CONN_MAX_AGE"] is None:
    request_finished.disconnect(close_old_connections)
# What is loaded by now stays: the garbage collector need not walk through it again and again.
gc.collect()
gc.freeze()
# A request makes some hundreds of objects, and nearly all of them are gone with it: no need to look after each.
gc.set_threshold(20_000, 20, 20)

if multiprocessing.parent_process() is not None:
    # A terminal's Ctrl-C reaches the server and its workers, and the server then sends them SIGTERM. Of two signals at
    # once a thread that is not Python's main one may take both, and the main one sleeps on: one of them is enough.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

traces_start()

# The server copies its environment into every request, from where an error report could print it.
environment.forget_secrets()

if os.environ.get(environment.BACKGROUND) == "1":
    from config import background  # as above

    background.start_with_process()
