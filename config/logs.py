"""Where log lines go and how they look: to standard error, for people or, with LOG_FORMAT=json, for machines."""

from __future__ import annotations

import logging
from typing import Any

from integrations.log_context import INVOCATION_ID, REQUEST_ID

FORMATS = ("text", "json")
LEVELS = ("info", "debug", "warning", "error", "critical")
TEXT = "{asctime} {levelname} {name} {message}{about}"
# In JSON by these names; python-json-logger adds `exc_info` where there was an exception.
JSON = "{asctime}{levelname}{name}{message}{request_id}{invocation_id}"
JSON_NAMES = {"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "exception"}


class AboutFilter(logging.Filter):
    """Tells a record which request and which invocation it is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record through."""
        ids = {"request_id": REQUEST_ID.get() or None, "invocation_id": INVOCATION_ID.get() or None}
        record.__dict__.update(ids)
        record.about = "".join(f" [{name.removesuffix('_id')} {value}]" for name, value in ids.items() if value)
        return True


def logging_config(*, json: bool, level: str) -> dict[str, Any]:
    """Settings for logging.config.dictConfig. `level` is one of LEVELS."""
    moment = {"datefmt": "%Y-%m-%dT%H:%M:%S%z"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "about": {"()": AboutFilter},
            "no_debug": {"()": "django.utils.log.CallbackFilter", "callback": lambda record: record.levelno > 10},
        },
        "formatters": {
            "text": {"format": TEXT, "style": "{", **moment},
            "json": {
                "()": "pythonjsonlogger.orjson.OrjsonFormatter",
                "format": JSON,
                "style": "{",
                "rename_fields": JSON_NAMES,
                **moment,
            },
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "filters": ["about"],
                "formatter": "json" if json else "text",
            },
        },
        "root": {"handlers": ["console"], "level": level.upper()},
        "loggers": {
            # At DEBUG these two write tokens, codes and secrets into the log.
            "requests_oauthlib": {"level": "WARNING"},
            "oauthlib": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
            # Tells the address of the page, and that of an invitation is a secret.
            "axes": {"level": "WARNING"},
            # At DEBUG it writes a page's whole context, a new key among it, for every variable that is not there.
            "django.template": {"level": "INFO", "filters": ["no_debug"]},
            # What was asked wrongly was answered; a line for each would let strangers fill the disk.
            "django.request": {"level": "ERROR"},
            # The same, and each with a traceback: names of other hosts, filters that no list has, missing CSRF tokens.
            "django.security": {"level": "CRITICAL"},
        },
    }
