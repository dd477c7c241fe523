"""From an evaluation's text to the tokens an evaluator reads and writes, and the skeleton its scores are read from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from dermatrust.errors import DataError
from dermatrust.evaluator.form import IMAGES, NARRATIVE, Evaluation, Form, Order
from dermatrust.records import DIMENSIONS

NOT_LEARNT = -100
"""Label of a token that is given, not learnt."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One evaluation as the model writes it behind a prompt.

    Attributes:
        ids: Token ids, the cue first.
        labels: What each token should be followed by, NOT_LEARNT where that is given.
    """

    ids: tuple[int, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """An evaluation, scores first, without its answers: one pass over it gives the distribution of each.

    No answer is fed back, so none depends on another's choice; what leads to it stands in the hidden states.

    Attributes:
        ids: Token ids, the cue first: the names of checks and dimensions.
        places: Where in `ids` each answer is read, at the last token of its name: checks first, then the six scores.
        options: For each place, the token of each possible answer.
    """

    ids: tuple[int, ...]
    places: tuple[int, ...]
    options: tuple[tuple[int, ...], ...]


class Script:
    """Tokens of one evaluator.

    Args:
        tokenizer: A Transformers tokenizer, or a `tokenizers.Tokenizer`.
        form: How the evaluator is asked and answers.
        image_id: Token that stands for a part of an image.
        begin: Tokens every prompt begins with.
        end_id: Token that ends an evaluation.
        placeholder_id: Token at the open places of the skeleton.
        where: What the tokenizer was read from, for messages.
    """

    def __init__(
        self, tokenizer: Any, form: Form, *, image_id: int, begin: Sequence[int], end_id: int, placeholder_id: int,
        where: str,
    ) -> None:  # fmt: skip
        self.form = form
        self.image_id = image_id
        self.end_id = end_id
        self.placeholder_id = placeholder_id
        self.where = where
        self._tokenizer = tokenizer
        self.begin = list(begin)
        self._reserved = {image_id, end_id, *begin}

    @property
    def tokenizer_json(self) -> str:
        """The tokenizer as the `tokenizers` library reads it."""
        backend = getattr(self._tokenizer, "backend_tokenizer", self._tokenizer)
        return str(backend.to_str())

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, without any that begin or end a sequence."""
        found = self._tokenizer.encode(text, add_special_tokens=False)
        return list(getattr(found, "ids", found))

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of tokens."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of tokens, those that begin, end or stand for something included."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=False)) if ids else ""

    def token(self, token_id: int) -> str:
        """Return the text of one token."""
        return self.text([token_id])

    def prompt(self, narrative: str, n_image_tokens: int, *, most: int | None = None) -> list[int]:
        """Return the tokens of a prompt without its cue.

        Args:
            narrative: The text to be evaluated, as the form shows it. What spells our own tokens is masked.
            n_image_tokens: How many tokens the images take.
            most: Longest prompt that fits.

        Raises:
            DataError: The prompt is longer than `most`.
        """
        head, before, after = self._frame
        said = [self.placeholder_id if one in self._reserved else one for one in self.encode(narrative)]
        ids = [*self.begin, *head, *[self.image_id] * n_image_tokens, *before, *said, *after]
        if most is not None and len(ids) > most:
            do = "Shorten the narrative, or give fewer images."
            raise DataError(self.where, f"the prompt takes {len(ids)} tokens", f"at most {most}", do)
        return ids

    @cached_property
    def _frame(self) -> tuple[list[int], list[int], list[int]]:
        """The tokens of a prompt before its images, before its narrative, and behind it."""
        head, _, tail = self.form.prompt.rpartition(IMAGES)
        before, _, after = tail.partition(NARRATIVE)
        return self.encode(head), self.encode(before), self.encode(f"{after}\n")

    def critique(self, evaluation: Evaluation) -> Answer:
        """Return an evaluation with its critique first; everything behind the cue is learnt."""
        cue = self.encode(self.form.cue("critique first"))
        written = [*self.encode(self.form.write(evaluation, "critique first")), self.end_id]
        ids = [*cue, *written]
        return Answer(tuple(ids), _followers(ids, range(len(cue), len(ids))))

    def scores(self, evaluation: Evaluation) -> Answer:
        """Return an evaluation as the skeleton; the answers at its open places are learnt.

        A dimension without a score, or a check without an answer, is not learnt.
        """
        skeleton = self.skeleton
        wanted: list[int | None] = []
        for (name, answers), options in zip(self.form.checks, skeleton.options, strict=False):
            given = evaluation.checks.get(name)
            wanted.append(None if given is None else options[answers.index(given)])
        for dimension, options in zip(DIMENSIONS, skeleton.options[len(self.form.checks) :], strict=True):
            score = evaluation.scores.get(dimension)
            wanted.append(None if score is None else options[self.form.levels.index(self.form.nearest(score))])
        labels = [NOT_LEARNT] * len(skeleton.ids)
        for place, token in zip(skeleton.places, wanted, strict=True):
            if token is not None:
                labels[place] = token
        return Answer(skeleton.ids, tuple(labels))

    def drawn(self, cue: Sequence[int], ids: Sequence[int]) -> Answer:
        """Return a draw as an answer whose generated tokens, and nothing else, are learnt."""
        written = [*cue, *ids]
        return Answer(tuple(written), _followers(written, range(len(cue), len(written))))

    def filled(self, chosen: Sequence[int]) -> Answer:
        """Return the skeleton with one option chosen at each of its last open places; they are learnt, never seen.

        Args:
            chosen: Number of the option at each place: as many as there are places, or six for the scores alone.
        """
        skeleton = self.skeleton
        labels = [NOT_LEARNT] * len(skeleton.ids)
        n = len(chosen)
        for place, options, k in zip(skeleton.places[-n:], skeleton.options[-n:], chosen, strict=True):
            labels[place] = options[k]
        return Answer(skeleton.ids, tuple(labels))

    def answer(self, evaluation: Evaluation, order: Order) -> Answer:
        """Return an evaluation in one of the two orders."""
        return self.critique(evaluation) if order == "critique first" else self.scores(evaluation)

    @cached_property
    def skeleton(self) -> Skeleton:
        """The skeleton of this evaluator's form.

        Raises:
            DataError: The tokenizer does not tell two answers apart by exactly one token.
        """
        levels = self.form.levels
        n_options = [*(len(answers) for _, answers in self.form.checks), *[len(levels)] * len(DIMENSIONS)]
        base = self._spelt([0] * len(n_options))
        places, options = [], []
        for which, n in enumerate(n_options):
            spelt = [self._spelt([k if i == which else 0 for i in range(len(n_options))]) for k in range(n)]
            if any(len(ids) != len(base) for ids in spelt):
                raise self._indistinct(which)
            differing = [place for place, ids in enumerate(zip(*spelt, strict=True)) if len(set(ids)) > 1]
            if len(differing) != 1 or len({ids[differing[0]] for ids in spelt}) != n:
                raise self._indistinct(which)
            places.append(differing[0])
            options.append(tuple(ids[differing[0]] for ids in spelt))
        if any(a >= b for a, b in pairwise(places)):
            raise self._indistinct(0)
        kept = [place for place in range(len(base)) if place not in places]
        read_at = [sum(other < place for other in kept) - 1 for place in places]
        if len(set(read_at)) < len(read_at):
            raise self._indistinct(0)
        return Skeleton(tuple(base[place] for place in kept), tuple(read_at), tuple(options))

    def _spelt(self, chosen: Sequence[int]) -> list[int]:
        """Return the tokens of the evaluation, scores first, with one option at each place."""
        checks = {name: answers[k] for (name, answers), k in zip(self.form.checks, chosen, strict=False)}
        scores = {d: self.form.levels[k] for d, k in zip(DIMENSIONS, chosen[len(checks) :], strict=True)}
        text = self.form.cue("scores first") + self.form.write(Evaluation(scores, checks=checks), "scores first")
        return self.encode(text)

    def _indistinct(self, which: int) -> DataError:
        n_checks = len(self.form.checks)
        name = self.form.checks[which][0] if which < n_checks else DIMENSIONS[which - n_checks].title
        do = "Use whole points, a larger vocabulary, or another tokenizer."
        return DataError(self.where, f"does not spell the answers of {name!r} with one token each", do=do)


def _followers(ids: Sequence[int], learnt: range) -> tuple[int, ...]:
    """Return for each token the one that follows it, if that one is learnt."""
    return tuple(ids[place + 1] if place + 1 in learnt else NOT_LEARNT for place in range(len(ids)))
