"""The bell between an approval and the background thread of the same process."""

from __future__ import annotations

import threading

WAKE = threading.Event()
