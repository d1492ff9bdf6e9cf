"""Settings of the parts that sign people in: django-allauth and django-axes. None of them depends on the environment.

Guesses are counted in the database (axes), so django-allauth's own counters, one set per process, are off.
"""

from __future__ import annotations

from datetime import timedelta

AUTHENTICATION_BACKENDS = ["integrations.people.lockout.LockoutBackend", "django.contrib.auth.backends.ModelBackend"]
ACCOUNT_ADAPTER = "integrations.people.adapters.AccountAdapter"
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "integrations.people.forms.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_RATE_LIMITS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
MFA_ADAPTER = "integrations.people.adapters.MfaAdapter"
MFA_FORMS = {
    "authenticate": "integrations.people.forms.CodeForm",
    "reauthenticate": "integrations.people.forms.CodeAgainForm",
    "activate_totp": "integrations.people.forms.NewAppForm",
    "add_webauthn": "integrations.people.forms.NewPasskeyForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = False
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Countersign"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_USER_VERIFICATION = "required"
AXES_CLIENT_IP_CALLABLE = "integrations.addresses.client_address"
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_FAILURE_LIMIT = 5
AXES_HANDLER = "integrations.people.lockout.LockoutHandler"
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
# Somebody who goes on guessing must not lock the owner out for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
# What failed is kept with what was posted; the page to go on to may be an invitation, whose address is a secret.
AXES_SENSITIVE_PARAMETERS = [
    "code", "credential", "csrfmiddlewaretoken", "ip_address", "new_password1", "new_password2", "next", "old_password",
    "username",
]  # fmt: skip
# Names in our page and in Django's credentials are the same.
AXES_USERNAME_FORM_FIELD = "username"
AXES_VERBOSE = False
SESSION_ENGINE = "integrations.people.sessions"
SOCIALACCOUNT_ADAPTER = "integrations.people.services.ServiceAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_STORE_TOKENS = False
