"""The synthetic reasoner behind a client: it answers the construction prompts by what is fenced off in them."""

from collections.abc import Mapping
from typing import Any

from dermatrust.atlas.reasoner import VERSION, explain, order, reason
from dermatrust.clients.client import Reply, Request
from dermatrust.clients.fence import unfenced

NAME = "synthetic/reasoner"


class SyntheticReasoner:
    """Templates, no model: for the atlas, tutorials and tests. Nothing it says about a patient means anything.

    Which task it is told follows from the fenced texts: CAPTION with or without LABEL, REASONING, or NARRATIVE with
    SCORES. To anything else it says nothing.
    """

    name = NAME
    leaves_machine = False
    needs_images = False

    def endpoint(self, request: Request) -> Mapping[str, Any]:
        """Return the version of its templates."""
        return {"kind": "synthetic", "version": VERSION}

    async def ask(self, request: Request) -> Reply:
        """Return what the templates make of the request's first message."""
        return Reply(text=answer(request.messages[0].text), finish_reason="stop", model_version=str(VERSION))

    async def close(self) -> None:
        """Nothing to let go of."""


def answer(prompt: str) -> str:
    """Return what the templates make of a prompt, "" where it is about nothing they know."""
    narrative, scores = unfenced(prompt, "NARRATIVE"), unfenced(prompt, "SCORES")
    if narrative is not None and scores is not None:
        return explain(narrative, scores)
    if (reasoning := unfenced(prompt, "REASONING")) is not None:
        return order(reasoning)
    caption = unfenced(prompt, "CAPTION")
    return "" if caption is None else reason(caption, unfenced(prompt, "LABEL"))
