from __future__ import annotations

from dataclasses import dataclass, field

from integrations.ninjaone.sandbox.messages import Json


@dataclass(kw_only=True)
class Script:
    """A script of the MSP's library. What `body` says is never executed, only played (see playback)."""

    id: int
    name: str
    language: str
    operating_systems: list[str]
    created_on: float
    updated_on: float
    description: str = ""
    active: bool = True
    architecture: list[str] = field(default_factory=lambda: ["64"])
    parameters: list[str] = field(default_factory=list)
    variables: list[Json] = field(default_factory=list)
    created_by: str = ""
    last_updated_by: str = ""
    category_id: int = 1
    body: str = ""
    output: str = ""  # what a run prints, unless the body is a bridge
    result: str = "SUCCESS"

    def row(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "active": self.active,
            "language": self.language,
            "architecture": self.architecture,
            "operatingSystems": self.operating_systems,
            "scriptParameters": self.parameters,
            "scriptVariables": self.variables,
            "createdBy": self.created_by,
            "lastUpdatedBy": self.last_updated_by,
            "createdOn": self.created_on,
            "updatedOn": self.updated_on,
        }

    def option(self) -> Json:
        return {
            "type": "SCRIPT",
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "description": self.description,
            "architecture": self.architecture,
            "categoryId": self.category_id,
        }

    @property
    def is_bridge(self) -> bool:
        """Decodes its first parameter and hands it to bash: what customers set up as bash runner."""
        return "base64" in self.body and "bash" in self.body


@dataclass(frozen=True, kw_only=True)
class BuiltInAction:
    uid: str
    name: str
    platforms: tuple[str, ...]

    def option(self) -> Json:
        return {"type": "ACTION", "uid": self.uid, "name": self.name, "categoryId": 1}
