#!/usr/bin/env python
"""Run Django's commands for Countersign."""

from __future__ import annotations

import gc
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # What is being loaded stays: to look through it for garbage would take a sixth of the start. See config.apps.
    gc.disable()
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # Its sentences say what to do; a traceback would bury them.
        sys.exit(str(error))
