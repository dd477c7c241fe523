"""A model that says what it is told to: for tests and tutorials, without a server."""

from collections.abc import Callable, Mapping
from typing import Any

from dermatrust.clients.client import Reply, Request


class ScriptedClient:
    """Answers every request with what `script` returns for it.

    Args:
        name: The model name to go by.
        script: Called with each request; it may raise AskFailed.

    Example:
        >>> import asyncio
        >>> from dermatrust.clients import Message, Request
        >>> client = ScriptedClient("scripted", lambda request: "The answer is psoriasis")
        >>> asyncio.run(client.ask(Request((Message("user", "What is this?"),)))).text
        'The answer is psoriasis'
    """

    leaves_machine = False
    needs_images = False

    def __init__(self, name: str, script: Callable[[Request], str]) -> None:
        self.name = name
        self._script = script

    def endpoint(self, request: Request) -> Mapping[str, Any]:
        """Return a mark that sets scripted replies apart from real ones."""
        return {"kind": "scripted"}

    async def ask(self, request: Request) -> Reply:
        """Return what the script says."""
        return Reply(text=self._script(request), finish_reason="stop")

    async def close(self) -> None:
        """Nothing to let go of."""
