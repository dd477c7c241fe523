"""The evaluation rationale: six titled sections that say why a narrative has the scores people gave it.

    Accuracy: 4/5
    The narrative says "a scaly plaque", which agrees with what the photograph shows.
    Suggestion: Name the subtype.

Each section restates its score, cites the narrative or the photograph, and ends with one suggestion. No score is
changed and no new disease is named. A model trained on these texts learns to give scores with their reasons.

Source: arXiv 2511.09195, data construction, https://arxiv.org/abs/2511.09195. The format is ours.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import get_args

from dermatrust.clients import Ask, AskFailed, Client, Image, Message, Request, Sampling
from dermatrust.clients.family import model_family
from dermatrust.errors import DataError
from dermatrust.lexicon import Lexicon, load_lexicon
from dermatrust.lexicon.forms import is_form_of
from dermatrust.narrate.checks import Fault, named_diseases
from dermatrust.narrate.places import filled, quoted
from dermatrust.narrate.prompt import Prompt
from dermatrust.narrate.retries import ask_until_sound
from dermatrust.records import DIMENSIONS, HIGHEST_SCORE, Dimension, Narrative, Rationale, RationaleFlag

SUGGESTION = "Suggestion: "
RATIONALE_PLACES = ("narrative", "scores")
_TITLES = {dimension.title.lower(): dimension for dimension in DIMENSIONS}
_HEAD = re.compile(r"(?:\d+[.)]\s*)?([A-Za-z ]+?)\W*?: *\W*?(\d(?:\.\d+)?) ?/ ?5")
_DRESSING = "*_`# "
_QUOTATION = re.compile(r"[\"“”„]([^\"“”„]+)[\"“”]")
_SEEN = re.compile(r"\b(?:image|photo|picture)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Section:
    """What is said of one dimension.

    Attributes:
        score: As the section states it.
        reasons: Why, with evidence; one line.
        suggestion: What to do better, or to keep; one line.
    """

    score: float
    reasons: str
    suggestion: str


def score_lines(scores: Mapping[Dimension, float]) -> str:
    """Return the six scores, a line each, in the order of the dimensions.

    Example:
        >>> score_lines({Dimension.SAFETY: 4.5})
        'Safety: 4.5/5'
    """
    return "\n".join(f"{d.title}: {scores[d]:g}/{HIGHEST_SCORE:g}" for d in DIMENSIONS if d in scores)


def write_sections(sections: Mapping[Dimension, Section]) -> str:
    """Return the sections as text; `read_sections` reads them back."""
    return "\n\n".join(
        f"{score_lines({d: sections[d].score})}\n{sections[d].reasons}\n{SUGGESTION}{sections[d].suggestion}"
        for d in DIMENSIONS
    )


def read_sections(text: str, *, where: str = "rationale") -> dict[Dimension, Section]:
    """Read the six sections.

    Raises:
        DataError: A section is missing, doubled or out of order, has no reasons, or does not end with one suggestion.
    """
    parts: list[tuple[Dimension, float, list[str]]] = []
    for line in text.splitlines():
        bare = line.strip().strip(_DRESSING)
        head = _HEAD.fullmatch(bare)
        if head and head[1].strip().lower() in _TITLES:
            parts.append((_TITLES[head[1].strip().lower()], float(head[2]), []))
        elif parts and bare:
            parts[-1][2].append(" ".join(bare.split()))
        elif bare:
            raise DataError(where, f"begins with {bare[:40]!r}", f"'{DIMENSIONS[0].title}: 4/5', say")
    if [dimension for dimension, _, _ in parts] != list(DIMENSIONS):
        found = ", ".join(dimension.title for dimension, _, _ in parts) or "none"
        raise DataError(where, f"has the sections {found}", "all six, once each, in the order of the scores")
    return {dimension: _section(dimension, score, lines, where) for dimension, score, lines in parts}


def _section(dimension: Dimension, score: float, lines: Sequence[str], where: str) -> Section:
    suggestions = [line for line in lines if line.startswith(SUGGESTION.strip())]
    if len(lines) < 2 or len(suggestions) != 1 or lines[-1] != suggestions[0]:
        raise DataError(f"{where}, {dimension.title}", "is no reasons and then one suggestion", "both, on own lines")
    suggestion = lines[-1].removeprefix(SUGGESTION.strip()).strip(_DRESSING)
    if not suggestion:
        raise DataError(f"{where}, {dimension.title}", "its suggestion is empty", "one sentence")
    return Section(score, " ".join(lines[:-1]), suggestion)


def rationale_faults(text: str, narrative: str, scores: Mapping[Dimension, float], lexicon: Lexicon) -> list[Fault]:
    """Return what is wrong with a rationale of a narrative with these scores.

    A changed score and a section without evidence make it useless; words the narrative does not hold between quotation
    marks, and a disease it does not name, are flagged.
    """
    try:
        sections = read_sections(text)
    except DataError as error:
        return [Fault("unreadable", f"It is not in the form asked for: {error}")]
    faults = []
    changed = [d.title for d in DIMENSIONS if sections[d].score != scores[d]]
    if changed:
        faults.append(Fault("score changed", f"The score of {', '.join(changed)} is not the one given; keep it."))
    bare = [d.title for d in DIMENSIONS if not _has_evidence(sections[d].reasons)]
    if bare:
        faults.append(Fault("no evidence", f"Cite the narrative or the photograph under {', '.join(bare)}."))
    return faults + _made_up(text, narrative, lexicon)


def _has_evidence(reasons: str) -> bool:
    return bool(_QUOTATION.search(reasons) or _SEEN.search(reasons))


def _made_up(text: str, narrative: str, lexicon: Lexicon) -> list[Fault]:
    whole = _plain(narrative)
    invented = [words for words in _QUOTATION.findall(text) if _plain(words).strip(" .,;:!?…") not in whole]
    known = list(named_diseases(narrative, lexicon))
    new = [d for d in named_diseases(text, lexicon) if not any(is_form_of(d, one, lexicon) for one in known)]
    faults = []
    if invented:
        told = f"The narrative does not say {invented[0][:80]!r}; copy its words exactly."
        faults.append(Fault("invented quotation", told, "invented quotation"))
    if new:
        faults.append(Fault("new diagnosis", f"Do not name {new[0].name}; the narrative does not.", "new diagnosis"))
    return faults


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").split()).casefold()


@dataclass(frozen=True)
class Explainer:
    """Who writes rationales, and how.

    Attributes:
        client: The model.
        prompt: With places for narrative and scores.
        sampling: How it decodes.
        attempts: How often to ask for a sound text.
        lexicon: What checks read with.
    """

    client: Client
    prompt: Prompt
    sampling: Sampling
    attempts: int = 3
    lexicon: Lexicon = field(default_factory=load_lexicon)

    async def explain(
        self, narrative: Narrative, scores: Mapping[Dimension, float], rater: str, images: Sequence[Image], ask: Ask
    ) -> Rationale | str:
        """Return why a narrative has its scores, or why there is no rationale: "refused", "silent", "score changed" ….

        Args:
            narrative: What was scored.
            scores: All six, as the rationale shall state them.
            rater: Whose they are.
            images: The photographs, if the model is to see them.
            ask: Asks one model once.
        """
        places = {"narrative": quoted("NARRATIVE", narrative.text), "scores": quoted("SCORES", score_lines(scores))}
        message = Message("user", filled(self.prompt, places), tuple(images))
        request = Request((message,), self.sampling, case_id=narrative.case_id, author=narrative.author)
        check = partial(rationale_faults, narrative=narrative.text, scores=scores, lexicon=self.lexicon)
        try:
            answer = await ask_until_sound(ask, self.client, request, check, attempts=self.attempts)
        except AskFailed:
            return "not answered"
        if not answer.text:
            return answer.faults[0].why
        found = {fault.flag for fault in answer.faults}
        flags: list[RationaleFlag] = [flag for flag in get_args(RationaleFlag) if flag in found]
        return Rationale(
            narrative_id=narrative.id, rater=rater, scores=dict(scores), flags=tuple(flags), author=self.client.name,
            text=write_sections(read_sections(answer.text)), family=model_family(self.client.name),
            prompt_id=self.prompt.name_and_hash,
        )  # fmt: skip
