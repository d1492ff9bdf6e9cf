"""Django settings, all from the environment. `.env.example` lists every variable with its default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import environment
from config.logs import FORMATS, LEVELS, logging_config
from config.sign_in import *  # noqa: F403 - constants of the parts that sign people in
from config.unsafe import Start, load_safely
from integrations.ninjaone.hosts import loopback_url

BASE_DIR = Path(__file__).resolve().parent.parent
if (BASE_DIR / ".env").is_file():
    environ.Env.read_env(BASE_DIR / ".env")

DEBUG = environment.flag("DEBUG")
# A trial on this machine, such as the demo: with a NinjaOne of its own, and people who sign in with a password alone.
IS_TRIAL = environment.flag("COUNTERSIGN_SANDBOX")
PUBLIC_URL = environment.text("PUBLIC_URL", "http://127.0.0.1:8800").rstrip("/")
IS_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_AGE = 12 * 3600


# Secrets: three rings with three purposes, newest key first.
RINGS = {name: environment.ring(name) for name in ("SECRET_KEY", "FERNET_KEYS", "AUDIT_KEY")}
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS") or ["127.0.0.1", "localhost", "[::1]"]
# The local NinjaOne sandbox: a region that exists only where somebody asked for it.
NINJAONE_SANDBOX_URL = loopback_url(environment.text("NINJAONE_SANDBOX_URL"))
START = Start(
    debug=DEBUG,
    is_trial=IS_TRIAL,
    public_url=PUBLIC_URL,
    allowed_hosts=ALLOWED_HOSTS,
    sandbox_url=NINJAONE_SANDBOX_URL,
    rings=RINGS,
)
load_safely(START)
SECRET_KEY, *SECRET_KEY_FALLBACKS = RINGS["SECRET_KEY"]
FERNET_KEYS = RINGS["FERNET_KEYS"]
AUDIT_KEYS = RINGS["AUDIT_KEY"]
del RINGS

# A second place for what the audit came to, best on a disk that the database's owner cannot write to.
AUDIT_CHECKPOINT_FILE = environment.text("AUDIT_CHECKPOINT_FILE", str(BASE_DIR / "var" / "audit-checkpoints.jsonl"))

LOGS_ARE_JSON = environment.choice("LOG_FORMAT", FORMATS) == "json"
LOGGING = logging_config(json=LOGS_ARE_JSON, level=environment.choice("LOG_LEVEL", LEVELS))

# Opens /metrics to a bearer from elsewhere; without it only this machine reads them.
METRICS_TOKEN = environment.text("METRICS_TOKEN")

CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# Whose word about where a request came from is believed, and in which headers they say it.
TRUSTED_PROXIES = environment.addresses("TRUSTED_PROXIES", ["127.0.0.0/8", "::1"])
PROXY_HEADERS = environment.choice("PROXY_HEADERS", ("x-forwarded", "forwarded"))

# Whoever holds a lapsed lease is taken for dead. With a real NinjaOne it outlasts the longest call (60 s).
DISPATCH_LEASE_SECONDS = environment.seconds(
    "DISPATCH_LEASE_SECONDS", default=90, least=1 if NINJAONE_SANDBOX_URL else 75
)
# How long the outcome of a call is looked for in NinjaOne, unless the device is offline.
OUTCOME_SECONDS = environment.seconds("OUTCOME_SECONDS", default=1800, least=1)
SERVER_THREADS = int(environment.number(environment.THREADS, default=40, least=1))
SWEEP_SECONDS = environment.seconds("SWEEP_SECONDS", default=15, least=0.1)
# What one connection may ask of NinjaOne, in each process; the sandbox is not held to it unless this says so.
NINJAONE_REQUESTS_PER_SECOND = environment.number("NINJAONE_REQUESTS_PER_SECOND", default=5, least=1)
NINJAONE_LIMIT_SANDBOX = environment.flag("NINJAONE_LIMIT_SANDBOX")
# Private addresses that messages and webhooks may go to all the same, and in plain http.
NOTICES_MAY_REACH = environment.addresses("NOTICES_MAY_REACH", [])
# Whoever delivers messages and dies is replaced after this long. It outlasts the longest delivery (20 s).
NOTICE_LEASE_SECONDS = environment.seconds("NOTICE_LEASE_SECONDS", default=60, least=1 if NINJAONE_SANDBOX_URL else 45)
NINJAONE_CA_BUNDLE = environment.text("NINJAONE_CA_BUNDLE") or None

# Other services that sign people in (OpenID Connect, Entra among them), by the names that OIDC_SERVICES lists.
SIGN_IN_SERVICES = [environment.sign_in_service(name) for name in environment.words("OIDC_SERVICES")]

INSTALLED_APPS = [
    "config.apps.CountersignAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "config.apps.AccountsConfig",
    "allauth.mfa",
    "allauth.socialaccount",
    # It loads `requests` and more, which a server that nobody asks for other services can do without.
    *(["allauth.socialaccount.providers.openid_connect"] if SIGN_IN_SERVICES else []),
    "axes",
    "config.apps.RestConfig",
    "config",
    "integrations",
    "tools",
    "approvals",
]

MIDDLEWARE = [
    "config.middleware.ForwardedMiddleware",
    "config.middleware.RequestIdMiddleware",
    # What follows is for people alone.
    "config.doors.DoorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.LanguageMiddleware",
    "config.middleware.WrongMethodMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.doors.InnermostMiddleware",
]

# Every address starts at the host. What the server could say of that is read again with each request otherwise.
FORCE_SCRIPT_NAME = ""
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "integrations.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["integrations.form_tokens"],
        },
    }
]


# So long a thread waits for one of the connections of a pool.
POOL_SECONDS = 10


def database() -> dict[str, Any]:
    """The database that DATABASE_URL names, with the options that each kind needs."""
    url = environment.text("DATABASE_URL")
    if not url:
        (BASE_DIR / "var").mkdir(exist_ok=True)
        url = f"sqlite:///{BASE_DIR / 'var' / 'countersign.sqlite3'}"
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    config["CONN_MAX_AGE"] = None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["ENGINE"] = "config.sqlite"
        # DEFERRED transactions that turn into writers fail with "database is locked" under load; IMMEDIATE queue.
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;",
        }
    elif config["ENGINE"] == "django.db.backends.postgresql":
        config["ENGINE"] = "config.postgresql"
        config["CONN_HEALTH_CHECKS"] = True
        # Values go beside the SQL, and what a connection runs a third time is parsed and planned no more.
        config["OPTIONS"] = {"server_side_binding": True, "prepare_threshold": 2, **config.get("OPTIONS", {})}
        if environment.flag("DATABASE_POOLER"):
            # The next transaction may get another connection, where nothing is prepared and no cursor is open.
            config["OPTIONS"]["prepare_threshold"], config["DISABLE_SERVER_SIDE_CURSORS"] = None, True
        # Each of the worker's four loops may have one at the same time.
        if size := int(environment.number("DATABASE_POOL", default=0, least=0)):
            config["CONN_MAX_AGE"], config["CONN_HEALTH_CHECKS"] = 0, False
            config["OPTIONS"]["pool"] = {"min_size": 1, "max_size": size, "timeout": POOL_SECONDS}
    else:
        raise ImproperlyConfigured("DATABASE_URL must name SQLite (sqlite:///...) or PostgreSQL (postgresql://...).")
    return config


DATABASES = {"default": database()}
# PostgreSQL itself, where DATABASE_URL names a pooler, which hands on no NOTIFY.
DATABASE_LISTEN_URL = environment.postgresql("DATABASE_LISTEN_URL")

# How people come in; more in config.sign_in. A trial, which the demo is, asks for a password alone, and lets it count
# as long as the session.
SECOND_FACTOR_REQUIRED = not IS_TRIAL
STEP_UP_SECONDS = SESSION_COOKIE_AGE if IS_TRIAL else 300
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": SIGN_IN_SERVICES, "OAUTH_PKCE_ENABLED": True}}
# Browsers offer passkeys on https, and on http://localhost.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS
# Whether a browser's makers may put the host onto their lists (W021) is for whoever owns the domain to say.
# W002 wants axes' middleware, which would replace the sign-in page by one of its own; ours says it in its place.
SILENCED_SYSTEM_CHECKS = ["axes.W002", "security.W021"]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Sends invitations; without it their links are copied.
EMAIL_URL = environment.text("EMAIL_URL")
EMAIL_IS_SET_UP = bool(EMAIL_URL)
vars().update(environ.Env.email_url_config(EMAIL_URL or "dummymail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.text("EMAIL_FROM", "countersign@localhost")

# What agents, logs and records read is English, whatever people read; see docs/translating.md.
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
# In which language people are spoken to: on pages, in messages and mails.
STAFF_LANGUAGE = environment.language("STAFF_LANGUAGE", LOCALE_PATHS[0])
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
# Served from where they lie in the tree: nothing has to be collected before a start.
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder", "config.static_files.HtmxFinder"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Bodies are capped at 256 KiB by the API itself; nothing else in the product takes more.
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# Notices wait in the session: no third cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
if IS_HTTPS:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_SSL_REDIRECT = environment.flag("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Countersign",
    "DESCRIPTION": "Ask, look, withdraw: the API for AI agents.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
}
