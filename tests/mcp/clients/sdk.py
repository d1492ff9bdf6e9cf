"""The Python SDK's client, as a program that talks to Countersign sets it up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import anyio
import httpx2
from mcp import Client
from mcp.client.extension import ClientExtension
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from tests.journeys.conftest import Product

Answer = TypeVar("Answer")
PATIENCE_SECONDS = 60


def talk(
    product: Product,
    mode: str,
    story: Callable[[Client], Awaitable[Answer]],
    *,
    path: str = "/mcp",
    extensions: Sequence[ClientExtension] = (),
) -> Answer:
    """What a conversation with the agent's key comes to."""

    async def conversation() -> Answer:
        headers = {"Authorization": f"Bearer {product.tenant.key_text}"}
        async with httpx2.AsyncClient(headers=headers, timeout=PATIENCE_SECONDS) as http:
            transport = streamable_http_client(f"{product.url}{path}", http_client=http)
            async with Client(transport, mode=mode, extensions=extensions) as client:
                return await story(client)

    return anyio.run(conversation)


def envelope_of(result: CallToolResult) -> dict[str, Any]:
    """What a tool was answered with."""
    assert isinstance(result.content[0], TextContent)
    envelope: dict[str, Any] = result.structured_content or {}
    return envelope


async def beside(work: Callable[..., None], *arguments: Any) -> None:
    """Somebody else's work, which blocks, while the conversation goes on."""
    await anyio.to_thread.run_sync(lambda: work(*arguments))
