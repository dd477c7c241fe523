"""The one text format of an evaluation, shared by training, rating, parsing and people.

Critique first, as in the paper, or scores first, for speed:

    Critique:                                   Checks:
    Site: said back, seen chest, wrong.         site wrong lesion right …
    …                                           Scores:
    Scores:                                     Accuracy: 3.25/5
    Accuracy: 3.25/5                            …
    …                                           Description Precision: 4/5
    Description Precision: 4/5

A prompt ends with the first line, so its last word decides the order. Checks are short answers to fixed questions; an
evaluator without any begins its scores first with "Scores:". The judge's parser reads the scores of both.

Source of the six dimensions and of the critique before the scores: arXiv 2511.09195, https://arxiv.org/abs/2511.09195.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self, get_args

from dermatrust.clients.fence import fenced
from dermatrust.errors import DataError
from dermatrust.judge.verdict import Verdict, read_verdict
from dermatrust.records import DIMENSIONS, HIGHEST_SCORE, LOWEST_SCORE, Dimension, storable

VERSION = 1
"""Raised when a text written before would be read otherwise, or an evaluator would be asked otherwise."""
Order = Literal["critique first", "scores first"]
CRITIQUE, CHECKS, SCORES = "Critique:\n", "Checks:\n", "Scores:\n"
NARRATIVE, IMAGES = "{narrative}", "{images}"
"""Where a prompt has the narrative and, unless they stand before everything, the images."""
STEPS: dict[str, float] = {"whole": 1.0, "half": 0.5, "quarter": 0.25}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluator says of one narrative.

    Attributes:
        scores: Dimension to a score from 0 to 5; a dimension nobody scored is left out.
        critique: Why, in prose or lines.
        checks: Check to its short answer.
    """

    scores: Mapping[Dimension, float]
    critique: str = ""
    checks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """How one evaluator is asked and answers.

    Attributes:
        prompt: What it is asked, with a place for the narrative; the images stand before it.
        step: How fine its scores are: "whole", "half" or "quarter" points.
        checks: The checks it answers, in order, each with its possible answers.
        fenced: Put the narrative between two lines it cannot forge, for models that follow instructions.
    """

    prompt: str
    step: str = "whole"
    checks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    fenced: bool = False

    @property
    def levels(self) -> tuple[float, ...]:
        """The scores it can give, from 0 to 5.

        Example:
            >>> Form("{narrative}").levels
            (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
        """
        step = STEPS[self.step]
        return tuple(LOWEST_SCORE + step * k for k in range(round((HIGHEST_SCORE - LOWEST_SCORE) / step) + 1))

    def ask(self, narrative: str, order: Order) -> str:
        """Return the prompt's text for a narrative, ending with the line that begins the answer."""
        asked = self.prompt.replace(IMAGES, "").replace(NARRATIVE, self.shown(narrative))  # what it says stays its own
        return f"{asked}\n{self.cue(order)}"

    def shown(self, narrative: str) -> str:
        """Return a narrative as it stands in the prompt."""
        if not self.fenced:
            return narrative
        return fenced("NARRATIVE", narrative, hashlib.blake2b(narrative.encode(), digest_size=4).hexdigest())

    def asked(self, text: str) -> tuple[str, Order]:
        """Return the narrative, as it stands in the prompt, and the order of what `ask` returned.

        Raises:
            ValueError: The text was not made by this form.
        """
        before, _, after = self.prompt.replace(IMAGES, "").partition(NARRATIVE)
        for order in get_args(Order):
            end = f"{after}\n{self.cue(order)}"
            if text.startswith(before) and text.endswith(end) and len(text) >= len(before) + len(end):
                return text[len(before) : len(text) - len(end)], order
        raise ValueError("the text was not asked by this form")

    def cue(self, order: Order) -> str:
        """Return the line with which an evaluation in this order begins."""
        if order == "critique first":
            return CRITIQUE
        return CHECKS if self.checks else SCORES

    def write(self, evaluation: Evaluation, order: Order) -> str:
        r"""Return an evaluation as text, from behind its first line on.

        Args:
            evaluation: Scores are rounded to the nearest level, halves up. Checks it lacks are left out. A critique
                that spells the line "Scores:" loses its colon, so that no reader takes what it quotes for scores.
            order: Critique first, or scores first; the latter leaves the critique out.

        Example:
            >>> text = Form("{narrative}").write(Evaluation({Dimension.SAFETY: 4.0}, "Sound."), "critique first")
            >>> text
            'Sound.\nScores:\nSafety: 4/5\n'
        """
        given = [(dimension, self.nearest(evaluation.scores[dimension])) for dimension in evaluation.scores]
        scores = "".join(score_line(*one) for one in sorted(given, key=lambda pair: DIMENSIONS.index(pair[0])))
        if order == "critique first":
            critique = f"{evaluation.critique.strip()}\n".replace(SCORES, SCORES.replace(":", ""))
            return f"{critique}{SCORES}{scores}"
        if not self.checks:
            return scores
        answered = [f"{name} {evaluation.checks[name]}" for name, _ in self.checks if name in evaluation.checks]
        return f"{' '.join(answered)}\n{SCORES}{scores}"

    def nearest(self, score: float) -> float:
        """Return the level nearest to a score; of two as near, the higher.

        Raises:
            ValueError: The score is no number.

        Example:
            >>> Form("{narrative}").nearest(2.5), Form("{narrative}", "quarter").nearest(2.3)
            (3.0, 2.25)
        """
        if math.isnan(score):
            raise ValueError("the score is nan; leave out a dimension nobody scored")
        return max(self.levels, key=lambda level: (-abs(level - score), level))

    def as_json(self) -> str:
        """Return the form as JSON, kept beside an evaluator's weights."""
        return json.dumps({"format": VERSION, **asdict(self)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str, *, where: str) -> Self:
        """Return the form that `as_json` wrote.

        Raises:
            DataError: It is not one, or of another version.
        """
        try:
            stored: dict[str, Any] = json.loads(text)
            version = stored.pop("format")
            checks = tuple((name, tuple(answers)) for name, answers in stored.pop("checks"))
            form = cls(**stored, checks=checks)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError(where, f"is not an evaluator's form ({error})", "what `dermatrust train` wrote") from None
        if version != VERSION:
            raise DataError(where, f"is of format version {version}", str(VERSION), "Train or export it again.")
        check_form(form, where=where)
        return form


def check_form(form: Form, *, where: str) -> None:
    """Refuse a form that cannot be asked or answered.

    Raises:
        DataError: The prompt has no place for the narrative, the images stand behind it, or the step is unknown.
    """
    if form.prompt.count(NARRATIVE) != 1:
        raise DataError(where, f"the prompt has {form.prompt.count(NARRATIVE)} places {NARRATIVE}", "exactly one")
    if form.prompt.count(IMAGES) > 1 or IMAGES in form.prompt.partition(NARRATIVE)[2]:
        raise DataError(where, f"{IMAGES} stands twice or behind {NARRATIVE}", f"once, before {NARRATIVE}, or nowhere")
    if form.step not in STEPS:
        raise DataError(where, f"the step of the scores is {form.step!r}", f"one of {', '.join(STEPS)}")


def score_line(dimension: Dimension, score: float | str) -> str:
    r"""Return the line that gives a score.

    Example:
        >>> score_line(Dimension.ACCURACY, 3.25)
        'Accuracy: 3.25/5\n'
    """
    return f"{dimension.title}: {score if isinstance(score, str) else level_text(score)}\n"


def level_text(score: float) -> str:
    """Return a level as it is written.

    Example:
        >>> level_text(4.0), level_text(3.25)
        ('4/5', '3.25/5')
    """
    return f"{score:g}/{HIGHEST_SCORE:g}"


def read_evaluation(text: str) -> Verdict:
    r"""Read scores and critique from an evaluation in either order, or from any reply the judge's parser understands.

    Returns:
        Every dimension is scored or unscored; the critique is what stands around the scores.

    Example:
        >>> verdict = read_evaluation("Sound.\nScores:\nSafety: 4/5")
        >>> verdict.scores, verdict.critique
        ({<Dimension.SAFETY: 'safety'>: 4.0}, 'Sound.')
    """
    text = storable(text)
    before, found, after = text.partition(SCORES)
    if not found:
        return read_verdict(text)
    lines = after.splitlines()
    ours = [line for line in lines if any(line.startswith(f"{d.title}:") for d in DIMENSIONS)]
    rest = [line for line in lines if line not in ours]
    verdict = read_verdict("\n".join(ours))
    critique = "\n".join([before.strip(), *rest]).strip().removeprefix(CRITIQUE.strip()).strip()
    return Verdict(verdict.scores, verdict.unscored, critique)
