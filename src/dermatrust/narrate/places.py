"""Prompts with places that texts are put into."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from dermatrust.clients.fence import fenced
from dermatrust.errors import DataError
from dermatrust.narrate.prompt import Prompt, load_prompt


def load_with_places(name_or_path: str | Path, places: Sequence[str]) -> Prompt:
    """Read a prompt by name or path, and check that each place stands in it once.

    Args:
        name_or_path: As for `load_prompt`.
        places: Their names, without braces.

    Raises:
        DataError: There is no such prompt, or a place is absent or doubled.

    Example:
        >>> load_with_places("chain", ["reasoning"]).id
        'chain'
    """
    prompt = load_prompt(name_or_path)
    for place in places:
        if (n := prompt.text.count(f"{{{place}}}")) != 1:
            raise DataError(f"prompt {name_or_path}", f"holds {{{place}}} {n} times", "every place exactly once")
    return prompt


def filled(prompt: Prompt, texts: Mapping[str, str]) -> str:
    """Return the prompt with these texts in their places; what a text itself says in braces stays as it is.

    Example:
        >>> filled(Prompt("p", 1, "{a} and {b}"), {"a": "{b}", "b": "c"})
        '{b} and c'
    """
    pattern = "|".join(re.escape(f"{{{place}}}") for place in texts)
    return re.sub(pattern, lambda found: texts[found[0][1:-1]], prompt.text)


def quoted(name: str, text: str) -> str:
    """Return a text by others between two lines it cannot forge, for a place in a prompt."""
    return fenced(name, text, hashlib.blake2b(f"{name}\0{text}".encode(), digest_size=4).hexdigest())
