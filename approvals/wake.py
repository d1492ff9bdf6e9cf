"""The bells between what changes something and the background threads of the same process."""

from __future__ import annotations

import threading

# An approval: there is something to send to NinjaOne.
WAKE = threading.Event()
# A row of the outbox: there is something to tell.
NOTICES = threading.Event()
