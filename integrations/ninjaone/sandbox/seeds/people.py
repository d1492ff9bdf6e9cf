from __future__ import annotations

from integrations.ninjaone.sandbox.messages import Json


def user_seed(user_id: int, uid: str, first: str, last: str, email: str, *, organization_id: int | None = None) -> Json:
    """A technician, or with an organization an end user of it."""
    is_technician = organization_id is None
    row: Json = {
        "id": user_id,
        "uid": uid,
        "firstName": first,
        "lastName": last,
        "email": email,
        "phone": "",
        "enabled": True,
        "administrator": is_technician,
        "permitAllClients": is_technician,
        "mustChangePw": False,
        "mfaConfigured": is_technician,
        "userType": "TECHNICIAN" if is_technician else "END_USER",
        "invitationStatus": "REGISTERED",
    }
    return row if is_technician else {**row, "organizationId": organization_id}


def contact_seed(contact_id: int, uid: str, first: str, last: str, email: str, organization_id: int) -> Json:
    return {
        "id": contact_id,
        "organizationId": organization_id,
        "uid": uid,
        "firstName": first,
        "lastName": last,
        "email": email,
        "phone": "+1 555 0100",
        "jobTitle": "Office manager",
    }
