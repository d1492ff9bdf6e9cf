"""What people read about the tools, for translators: titles and first sentences, as `tools.definitions` makes them.

Agents read them in English, so nothing here is used but by `makemessages`; a test holds it to the tools there are.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

TITLES = (
    gettext_noop("List organizations"),
    gettext_noop("Get organization"),
    gettext_noop("List devices"),
    gettext_noop("Get device"),
    gettext_noop("Get device activities"),
    gettext_noop("Get device disks"),
    gettext_noop("Get device volumes"),
    gettext_noop("Get device software"),
    gettext_noop("Get device services"),
    gettext_noop("Get device alerts"),
    gettext_noop("Control service"),
    gettext_noop("Reboot device"),
    gettext_noop("List scripts"),
    gettext_noop("Run script"),
    gettext_noop("Run bash"),
    gettext_noop("List alerts"),
    gettext_noop("Dismiss alert"),
    gettext_noop("Create ticket"),
    gettext_noop("Update ticket"),
    gettext_noop("Get ticket log"),
    gettext_noop("API GET"),
    gettext_noop("API POST"),
    gettext_noop("API PUT"),
    gettext_noop("API PATCH"),
    gettext_noop("API DELETE"),
)
SUMMARIES = (
    gettext_noop("List the organizations (customers) with their ids, in the order of their ids."),
    gettext_noop("Get one organization with its locations, policies and settings."),
    gettext_noop("List devices, of all organizations or of one, in the order of their ids."),
    gettext_noop("Get one device: names, class, system, addresses, whether it is offline."),
    gettext_noop("List what happened on a device, newest first."),
    gettext_noop("List the physical disks of a device with their health."),
    gettext_noop("List the volumes of a device with capacity and free space in bytes."),
    gettext_noop("List the software that is installed on a device."),
    gettext_noop("List the Windows services of a device, all or those of a name or in a state."),
    gettext_noop("List the alerts that stand on a device."),
    gettext_noop("Start, stop or restart a Windows service on a device."),
    gettext_noop("Reboot a managed device."),
    gettext_noop("List the scripts of the automation library."),
    gettext_noop("Run a script of the library or a built-in action on a device."),
    gettext_noop("Run a bash script as root on a Linux or macOS device."),
    gettext_noop("List the alerts that stand, of all organizations or of one."),
    gettext_noop("Dismiss (reset) an alert."),
    gettext_noop("Create a ticket for an organization."),
    gettext_noop("Change fields of a ticket and leave the others as they are."),
    gettext_noop("List what was said and changed in a ticket."),
    gettext_noop("GET any route of NinjaOne's API v2."),
    gettext_noop("POST to any route of NinjaOne's API v2."),
    gettext_noop("PUT to any route of NinjaOne's API v2."),
    gettext_noop("PATCH any route of NinjaOne's API v2."),
    gettext_noop("DELETE any route of NinjaOne's API v2, without a body."),
)
