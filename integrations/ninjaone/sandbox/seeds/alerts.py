from __future__ import annotations

from integrations.ninjaone.sandbox.world import World


def alert_seed(
    world: World,
    uid: str,
    *,
    at: float,
    device_id: int,
    source_type: str,
    name: str,
    message: str,
    severity: str = "MODERATE",
    priority: str = "MEDIUM",
) -> None:
    world.alerts[uid] = {
        "uid": uid,
        "deviceId": device_id,
        "message": message,
        "createTime": at,
        "updateTime": at,
        "sourceType": source_type,
        "sourceConfigUid": "f0c5d7e0-0000-4000-8000-000000000058",
        "sourceName": name,
        "subject": name,
        "conditionName": name,
        "severity": severity,
        "priority": priority,
        "data": {"message": {"code": f"conditions.{source_type.lower()}_triggered", "params": {}}},
    }
