"""The WSGI application, as each of the server's worker processes loads it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal

from django.conf import settings
from django.core.cache import close_caches
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import reset_queries

from config import environment
from config.unsafe import serve_safely
from integrations.traces import traces_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
serve_safely(settings.START)
application = get_wsgi_application()

# With each request the one empties a list that only DEBUG fills, the other closes caches that have nothing to close.
request_started.disconnect(reset_queries)
request_finished.disconnect(close_caches)
# What is loaded by now stays: the garbage collector need not walk through it again and again.
gc.collect()
gc.freeze()

if multiprocessing.parent_process() is not None:
    # A terminal's Ctrl-C reaches the server and its workers, and the server then sends them SIGTERM. Of two signals at
    # once a thread that is not Python's main one may take both, and the main one sleeps on: one of them is enough.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

traces_start()

# The server copies its environment into every request, from where an error report could print it.
environment.forget_secrets()

if os.environ.get(environment.BACKGROUND) == "1":
    # Its models can be imported only now that the applications are set up.
    from config import background

    background.start_with_process()
