"""A tiny MCP server for the tests, run as a program: it keeps notes."""

from mcp.server.mcpserver import MCPServer

server = MCPServer("notes")
notes: list[str] = []


@server.tool()
def remember(text: str) -> str:
    """Keeps a note."""
    notes.append(text)
    return f"{len(notes)} kept"


if __name__ == "__main__":
    server.run()
