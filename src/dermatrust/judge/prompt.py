"""What the judge is asked: rubric, reference and candidate, with the candidate fenced off as untrusted text."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dermatrust.clients.fence import fenced
from dermatrust.errors import DataError
from dermatrust.judge.rubric import Rubric
from dermatrust.narrate.prompt import Prompt, load_prompt

PROMPTS = Path(__file__).parent / "prompts"
PLACES = ("{rubric}", "{reference}", "{candidate}")
"""What a judge prompt must hold, once each and in this order."""


def load_judge_prompt(name_or_path: str | Path = "judge") -> Prompt:
    """Read a judge prompt by name or path, and check that rubric, reference and candidate have their places.

    Raises:
        DataError: There is no such prompt, or a place is absent, doubled or out of order.
    """
    prompt = load_prompt(name_or_path, folder=PROMPTS)
    _split(prompt)
    return prompt


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A judge prompt with its rubric filled in; what differs between narratives is only joined on."""

    before: str
    between: str
    after: str
    label_note: str

    @classmethod
    def of(cls, prompt: Prompt, rubric: Rubric) -> Self:
        """Fill in the rubric once."""
        start, middle, between, after = _split(prompt)
        note = load_prompt("label_only", folder=PROMPTS).text + "\n"
        return cls(before=start + rubric.text + middle, between=between, after=after, label_note=note)

    def text(self, *, reference: str, candidate: str, label_only: bool) -> str:
        """Return what the judge reads about one narrative. Texts are never searched for places to fill in."""
        code = hashlib.blake2b(f"{reference}\0{candidate}".encode(), digest_size=4).hexdigest()
        note = self.label_note if label_only else ""
        truth = fenced("REFERENCE", reference, code)
        return "".join((self.before, note, truth, self.between, fenced("CANDIDATE", candidate, code), self.after))


def _split(prompt: Prompt) -> tuple[str, str, str, str]:
    """Cut the prompt at its three places."""
    counts = [prompt.text.count(place) for place in PLACES]
    order = [prompt.text.find(place) for place in PLACES]
    if counts != [1, 1, 1] or order != sorted(order):
        raise DataError(
            f"judge prompt {prompt.id}", "its places are not right", "once each and in order " + " ".join(PLACES)
        )
    start, rest = prompt.text.split(PLACES[0])
    middle, rest = rest.split(PLACES[1])
    between, after = rest.split(PLACES[2])
    return start, middle, between, after
