"""A tiny MCP server for the tests, run as a program: it counts, echoes, dies and tells its environment."""

import base64
import os

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, ImageContent, TextContent, Tool


class Careless(MCPServer):
    """Declares for `weigh` a schema that it does not keep itself; the client checks it."""

    async def list_tools(self) -> list[Tool]:
        schema = {"type": "object", "properties": {"grams": {"type": "integer"}}}
        tools = await super().list_tools()
        return [t.model_copy(update={"output_schema": schema}) if t.name == "weigh" else t for t in tools]


server = Careless("small")
count = 0


@server.tool()
def add(amount: int) -> str:
    """Adds to a counter."""
    global count
    count += amount
    return f"count is {count}"


@server.tool()
def total() -> str:
    """Tells the counter."""
    return f"count is {count}"


@server.tool()
def environment() -> str:
    """Tells the names of the environment."""
    return " ".join(sorted(os.environ))


@server.tool()
def fail(text: str) -> str:
    """Fails with a text."""
    raise ToolError(text)


@server.tool()
def weigh() -> CallToolResult:
    """Promises grams and answers something else."""
    return CallToolResult(content=[], structured_content={"grams": "many"})


@server.tool()
def die() -> str:
    """Ends the process."""
    os._exit(3)


@server.tool()
def forbidden() -> str:
    """Not on the allow-list."""
    return "must not be reached"


@server.tool()
def browser_find(text: str) -> str:
    """A name that the browser has, too."""
    return f"found {text} elsewhere"


@server.tool()
def draw(bytes_of_data: int) -> CallToolResult:
    """Answers with a word and a picture."""
    data = base64.b64encode(b"x" * bytes_of_data).decode()
    picture = ImageContent(type="image", data=data, mime_type="image/png")
    return CallToolResult(content=[TextContent(type="text", text="drawn"), picture])


if __name__ == "__main__":
    server.run("stdio")
