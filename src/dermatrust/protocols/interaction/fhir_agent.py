"""An agent in a patient record that speaks in lines: GET, POST or FINISH, a word at the beginning of each reply.

What is asked of a server goes to one on this machine alone. Orders (POST) are acknowledged and never carried out.

Reference: Jiang et al. (2025), MedAgentBench, https://arxiv.org/abs/2501.14654.
"""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Played, Turn, user

ROUNDS = 8
LONGEST = 10_000
"""Characters of a server's answer that an agent is shown; the rest is cut off, and it is told so."""
INVALID, LIMIT, FINISHED = "invalid action", "round limit", "finished"
HOSTS = ("127.0.0.1", "localhost", "::1")
Fetch = Callable[[str], str]


async def converse(item: Item, ask: Ask, fetch: Fetch, *, rounds: int = ROUNDS) -> Played:
    """Let a model act until it finishes, says something that is no action, or has had its rounds.

    Args:
        item: Whose prompt says what may be done.
        ask: Asks the model.
        fetch: Returns what the server says to a GET.
        rounds: How many replies it has.
    """
    turns = item.turns()
    n_told = len(turns)
    reply, ending = "", LIMIT
    for _ in range(rounds):
        reply = (await ask(turns)).text.strip().removeprefix("```tool_code").strip("`\n ")
        turns.append(Turn("assistant", reply))
        if reply.startswith("FINISH("):
            ending = FINISHED
            break
        answer = await _answer(reply, fetch)
        if answer is None:
            ending = INVALID
            break
        turns.append(user(answer))
    return Played(reply=reply, turns=tuple(turns[n_told:]), ending=ending)


async def _answer(reply: str, fetch: Fetch) -> str | None:
    """Return what an action brings, or None where it is none."""
    if reply.startswith("GET"):
        url = reply.removeprefix("GET").strip().partition("\n")[0].strip()
        text = await asyncio.to_thread(fetch, url)
        shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}\n(cut off after {LONGEST} characters)"
        return f"The server answers:\n{shown}\n\nGo on, or call FINISH."
    if reply.startswith("POST"):
        if posted(reply) is None:
            return "Invalid POST request: what follows the address is not valid JSON."
        return "The POST request was accepted. Call FINISH when all is done."
    return None


def posted(reply: str) -> tuple[str, dict[str, Any]] | None:
    r"""Return the address and the content of a POST; None where the content is no JSON object.

    Example:
        >>> posted('POST http://127.0.0.1/fhir/Observation\n{"status": "final"}')
        ('http://127.0.0.1/fhir/Observation', {'status': 'final'})
    """
    address, _, content = reply.removeprefix("POST").strip().partition("\n")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return (address.strip(), body) if isinstance(body, dict) else None


def fetch_here(url: str, *, timeout_s: float = 30.0) -> str:
    """Return what a server on this machine says to a GET, or one line about why it says nothing.

    An address elsewhere is refused: a model's reply must not make this program reach out.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in HOSTS:
            return "Error: only the FHIR server on this machine can be asked."
        joined = f"{url}{'&' if parts.query else '?'}_format=json"
        opener = urllib.request.build_opener(_NoRedirects)
        with opener.open(joined.replace(" ", "%20"), timeout=timeout_s) as response:
            content: bytes = response.read()
        return content.decode("utf-8", "replace")
    except (urllib.error.URLError, OSError, ValueError) as error:
        return f"Error in sending the GET request: {error}"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect could lead elsewhere."""

    def redirect_request(self, *args: Any, **named: Any) -> None:
        """Follow none."""


def finished_with(reply: str) -> list[Any] | None:
    """Return the list of a FINISH([...]); None where it holds none.

    Example:
        >>> finished_with('FINISH(["S1", 3])'), finished_with("FINISH(S1)")
        (['S1', 3], None)
    """
    try:
        found = json.loads(reply.strip().removeprefix("FINISH(").removesuffix(")"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None
