"""From a model's name on the command line to its client."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dermatrust.clients.client import Client
from dermatrust.errors import ModelError

OPENAI_URL = "https://api.openai.com/v1"
FORMS = "openai/MODEL, http://host:port/v1#MODEL, replay:FILE.jsonl[#MODEL] or inspect/PROVIDER/MODEL"


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

        url = environment.get("OPENAI_BASE_URL", OPENAI_URL)
        key = environment.get("OPENAI_API_KEY")
        if key is None and url == OPENAI_URL:
            raise ModelError(name, "OPENAI_API_KEY is not set", do="Put your key into that environment variable.")
        model = name.removeprefix("openai/")
        return OpenAIClient(name, base_url=url, model=model, key=key, key_variable="OPENAI_API_KEY")
    if name.startswith(("http://", "https://")):
        return _client_at(name, environment)
    if name.startswith("replay:"):
        from dermatrust.clients.replay import ReplayClient

        file, _, model = name.removeprefix("replay:").partition("#")
        return ReplayClient(Path(file), model=model or None)
    if name.startswith("inspect/"):
        from dermatrust.clients.inspect import InspectClient

        return InspectClient(name)
    raise ModelError(repr(name), "is not a model name", FORMS)


def _client_at(name: str, environment: Mapping[str, str]) -> Client:
    from dermatrust.clients.openai import OpenAIClient

    url, _, model = name.partition("#")
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ModelError(
            parts.hostname or "the URL", "carries a user name or password", "a plain URL",
            f"Put the key into {key_variable(parts.hostname or '')}.",
        )  # fmt: skip
    if not model or not parts.hostname:
        raise ModelError(repr(name), "names no model", "http://host:port/v1#MODEL")
    variable = key_variable(parts.hostname)
    return OpenAIClient(name, base_url=url, model=model, key=environment.get(variable), key_variable=variable)


def key_variable(host: str) -> str:
    """Return the environment variable that holds the key for a host.

    Example:
        >>> key_variable("api.deepseek.com")
        'DERMATRUST_KEY_API_DEEPSEEK_COM'
    """
    return "DERMATRUST_KEY_" + re.sub(r"[^A-Z0-9]", "_", host.upper())
