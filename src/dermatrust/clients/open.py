"""From a model's name on the command line to its client."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dermatrust.clients.client import Client
from dermatrust.errors import ModelError

OPENAI_URL = "https://api.openai.com/v1"
ELSEWHERE = "openai/MODEL, http://host:port/v1#MODEL, replay:FILE.jsonl[#MODEL] or inspect/PROVIDER/MODEL"
FORMS = f"nano/MODEL, {ELSEWHERE}"


def open_client(name: str, *, environment: Mapping[str, str] = os.environ) -> Client:
    """Return the client a model name stands for. API keys come from the environment alone and are never stored.

    `openai/MODEL` uses OPENAI_API_KEY and, if set, OPENAI_BASE_URL. A URL uses `DERMATRUST_KEY_` + its host in capitals
    with every other sign an underscore, so that one server's key is never sent to another.

    Raises:
        ModelError: The name has none of the known forms, or lacks a part.
        DataError: A replay file is missing or unreadable.
    """
    if name.startswith("openai/"):
        from dermatrust.clients.openai import OpenAIClient

        url, key = environment.get("OPENAI_BASE_URL", OPENAI_URL), environment.get("OPENAI_API_KEY")
        if key is None and url == OPENAI_URL:
            raise ModelError(name, "OPENAI_API_KEY is not set", do="Put your key into that environment variable.")
        _host_of(url, "OPENAI_BASE_URL", lambda host: "OPENAI_API_KEY")
        model = name.removeprefix("openai/")
        return OpenAIClient(name, base_url=url, model=model, key=key, key_variable="OPENAI_API_KEY")
    if name.startswith(("http://", "https://")):
        return _client_at(name, environment)
    if name.startswith("replay:"):
        from dermatrust.clients.replay import ReplayClient

        file, _, model = name.removeprefix("replay:").partition("#")
        if not file:
            raise ModelError(repr(name), "names no file", "replay:FILE.jsonl[#MODEL]")
        return ReplayClient(Path(file), model=model or None)
    if name.startswith("nano/"):
        from dermatrust.clients.nano import NanoClient

        return NanoClient(name)
    if name == "synthetic/reasoner":
        from dermatrust.clients.synthetic import SyntheticReasoner

        return SyntheticReasoner()
    if name.startswith("inspect/"):
        from dermatrust.clients.inspect import InspectClient

        return InspectClient(name)
    raise ModelError(repr(name), "is not a model name", FORMS)


def leaves_machine(name: str, *, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether asking a model of this name leaves this machine, as far as the name tells.

    Example:
        >>> leaves_machine("inspect/openai/gpt-5"), leaves_machine("replay:out.jsonl"), leaves_machine("lexical")
        (True, False, False)
    """
    if name.startswith("inspect/"):
        return not name.startswith("inspect/mockllm/")
    if name.startswith("openai/"):
        name = environment.get("OPENAI_BASE_URL", OPENAI_URL)
    if not name.startswith(("http://", "https://")):
        return False
    from dermatrust.clients.openai import is_loopback

    return not is_loopback(name)


def _client_at(name: str, environment: Mapping[str, str]) -> Client:
    from dermatrust.clients.openai import OpenAIClient

    url, _, model = name.partition("#")
    host = _host_of(url, "the URL", key_variable)
    if not model or not host:
        raise ModelError(repr(name), "names no model", "http://host:port/v1#MODEL")
    variable = key_variable(host)
    return OpenAIClient(name, base_url=url, model=model, key=environment.get(variable), key_variable=variable)


def _host_of(url: str, where: str, variable: Callable[[str], str]) -> str:
    """Return the host of a server's URL, which is recorded and printed and so must hold no secret."""
    from yarl import URL

    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if "@" not in parts.netloc:
            URL(url, encoded=True).port, parts.port  # both complain about a damaged one
    except ValueError as error:
        raise ModelError(where, f"cannot be read ({error})", "http://host:port/v1") from None
    secret = "a user name or password" if "@" in parts.netloc else "a query" if parts.query else ""
    if secret:
        do = f"Put the key into {variable(host)}."
        raise ModelError(host or where, f"carries {secret}", "a plain URL", do)
    return host


def key_variable(host: str) -> str:
    """Return the environment variable that holds the key for a host.

    Example:
        >>> key_variable("api.deepseek.com")
        'DERMATRUST_KEY_API_DEEPSEEK_COM'
    """
    return "DERMATRUST_KEY_" + re.sub(r"[^A-Z0-9]", "_", host.upper())
