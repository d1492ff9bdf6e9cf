"""The product's settings with keys for tests, and the database that DATABASE_URL names."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

for _name in ("SECRET_KEY", "FERNET_KEYS", "AUDIT_KEY"):
    os.environ.pop(f"{_name}_FILE", None)
    os.environ[_name] = f"{_name.lower()}-for-tests-only-0123456789abcdef"
# Where the database is: once the server's application was loaded, the environment does not say so any more.
TEST_DATABASE_URL = os.environ.get("DATABASE_URL", "")
os.environ["PUBLIC_URL"] = "http://localhost"
os.environ["ALLOWED_HOSTS"] = "testserver,127.0.0.1,localhost"
os.environ["NINJAONE_SANDBOX_URL"] = "http://127.0.0.1:8801"
os.environ["COUNTERSIGN_SANDBOX"] = "1"
os.environ["DEBUG"] = "0"
os.environ["AUDIT_CHECKPOINT_FILE"] = str(Path(tempfile.gettempdir()) / f"countersign-tests-{os.getpid()}.jsonl")

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, INSTALLED_APPS  # noqa: E402

if DATABASES["default"]["ENGINE"] == "config.sqlite":
    # A file of its own for each process: threads and servers under test see the same rows, two runs never do.
    DATABASES["default"]["TEST"] = {
        "NAME": str(Path(tempfile.gettempdir()) / f"countersign-tests-{os.getpid()}.sqlite3")
    }
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"

# The host of Django's test client, which is no place to start a trial on.
PUBLIC_URL = "http://testserver"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# Tests name services that people sign in with only when the applications are loaded.
INSTALLED_APPS += ["allauth.socialaccount.providers.openid_connect"]
# Each test client would look through all static files first.
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
