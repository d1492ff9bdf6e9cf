"""Where NinjaOne lives. A region is chosen from this list; nobody types a host."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# NinjaOne's documented instances, and FedRAMP as community clients use it.
REGIONS = {
    "us": (gettext_lazy("United States"), "https://app.ninjarmm.com"),
    "us2": (gettext_lazy("United States 2"), "https://us2.ninjarmm.com"),
    "eu": (gettext_lazy("Europe"), "https://eu.ninjarmm.com"),
    "oc": (gettext_lazy("Oceania"), "https://oc.ninjarmm.com"),
    "ca": (gettext_lazy("Canada"), "https://ca.ninjarmm.com"),
    "fed": (gettext_lazy("United States, FedRAMP"), "https://fed.ninjarmm.com"),
}
SANDBOX = "sandbox"


class UnknownRegionError(LookupError):
    """A region that is not offered here (any more)."""


def region_choices() -> list[tuple[str, str]]:
    """The regions to choose from, (id, name), the sandbox last where it is switched on."""
    choices = [(region, str(name)) for region, (name, _origin) in REGIONS.items()]
    if settings.NINJAONE_SANDBOX_URL:
        choices.append((SANDBOX, _("Local sandbox (not a real NinjaOne)")))
    return choices


def base_url(region: str) -> str:
    """The origin of a region, "https://app.ninjarmm.com". Raises UnknownRegionError."""
    if region == SANDBOX and settings.NINJAONE_SANDBOX_URL:
        return str(settings.NINJAONE_SANDBOX_URL)
    try:
        return REGIONS[region][1]
    except KeyError:
        raise UnknownRegionError(f"There is no NinjaOne region {region!r} here.") from None


def loopback_url(text: str) -> str:
    """`text` as an origin on loopback, "" for "". Raises ImproperlyConfigured for everything else."""
    if not text:
        return ""
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = None
    has_more = parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username
    if parts.scheme != "http" or parts.hostname not in {"127.0.0.1", "localhost", "::1"} or not port or has_more:
        raise ImproperlyConfigured("NINJAONE_SANDBOX_URL must look like http://127.0.0.1:8801: loopback only.")
    return f"http://{parts.netloc}"
