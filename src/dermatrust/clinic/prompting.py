"""The prompts of a study, with the numbers that its options give put in."""

from dataclasses import replace
from pathlib import Path

from dermatrust.narrate import Prompt, load_prompt

PROMPTS = Path(__file__).parent / "prompts"
N_NAMED = "{N}"
"""Stands in a prompt for how many diagnoses may be named."""


def study_prompt(name_or_path: str, *, n_named: int = 0) -> Prompt:
    """Return a packaged prompt by its name, or the user's own by its path.

    `{N}` in it becomes the number of diagnoses asked for; the prompt's hash is that of what the model is shown.

    Raises:
        DataError: As `load_prompt`.

    Example:
        >>> "at most 3 diseases" in study_prompt("differential", n_named=3).text
        True
    """
    prompt = load_prompt(name_or_path, folder=PROMPTS)
    return replace(prompt, text=prompt.text.replace(N_NAMED, str(n_named)))
