"""Alignment: the words of texts and the tokens of photographs learn to mean the answers they bear out.

The vision-language models of the LLaVA family (https://arxiv.org/abs/2304.08485, section 4.2) begin with a stage that
moves image features to where the word embeddings are. An evaluator from nothing has no such place yet, so words and
image tokens move together, each to the answer words it bears out:

    chance that the answer is v  ~  mean over evidence t of  exp(norm(x_t) . e_v)

x_t is the embedding of a word of the prompt for what is said, a projected image token for what is seen; e_v is the
embedding of the answer, with which the decoder writes it; norm is the decoder's own scaling to a root mean square of 1.
Any number of secondary findings may be told or true: e_v is then the name of the finding, and the mean the odds of it.
It is the decoder without layers, and one that begins with these embeddings reads from its first step on.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torch.nn.utils.rnn import pad_sequence

from dermatrust.atlas.critique import FEATURES, NOTHING, OTHER, TOLD_AND_SHOWN, VAGUELY
from dermatrust.evaluator.form import Evaluation
from dermatrust.evaluator.policy import Policy, Row
from dermatrust.evaluator.script import NOT_LEARNT, Script
from dermatrust.train.checkpoint import State
from dermatrust.train.loop import Step
from dermatrust.train.objectives import Outcome

RowsOf = Callable[[Sequence[int]], tuple[list[Row], list[Evaluation]]]
SAID = ("-said",)
SEEN = ("-seen", "-needed")
WITHOUT_EVIDENCE = (NOTHING, VAGUELY, OTHER)
"""Answers that no word stands for."""
NEITHER, BOTH, TRUE_ALONE, TOLD_ALONE = TOLD_AND_SHOWN
_SMALL = 1e-6


@dataclass(frozen=True, slots=True)
class Question:
    """A check whose answer some word or some image token bears out.

    Attributes:
        name: The check.
        is_said: Whether words are the evidence; otherwise image tokens are.
        answers: Its answers that have evidence.
        tokens: The token of each.
    """

    name: str
    is_said: bool
    answers: tuple[str, ...]
    tokens: tuple[int, ...]

    def wanted(self, checks: Mapping[str, str]) -> int:
        """Return the number of the answer given, or NOT_LEARNT where there is none with evidence."""
        answer = checks.get(self.name)
        return self.answers.index(answer) if answer in self.answers else NOT_LEARNT


@dataclass(frozen=True, slots=True)
class Finding:
    """A secondary finding, which words may tell and image tokens may show.

    Attributes:
        name: The check.
        token: The token of its name.
    """

    name: str
    token: int

    def wanted(self, checks: Mapping[str, str]) -> tuple[float, float]:
        """Return whether it is told and whether image tokens show it, 0 or 1, each NaN where that is not known.

        Findings out of sight are answered for where they are told alone, so what is shown is known where all are
        answered.
        """
        if self.name not in checks:
            return math.nan, math.nan
        answer = checks[self.name]
        is_shown = float(answer in (BOTH, TRUE_ALONE)) if checks.keys() >= set(FEATURES) else math.nan
        return float(answer in (BOTH, TOLD_ALONE)), is_shown


def findings_of(script: Script) -> tuple[Finding, ...]:
    """Return the checks of a form about secondary findings."""
    skeleton = script.skeleton
    places = zip(script.form.checks, skeleton.places, strict=False)
    return tuple(Finding(name, skeleton.ids[place]) for (name, _), place in places if name in FEATURES)


def questions_of(script: Script) -> tuple[Question, ...]:
    """Return the checks of a form about what is said, what is seen and what care is needed."""
    found = []
    names = len(script.form.checks)
    for (name, answers), options in zip(script.form.checks, script.skeleton.options[:names], strict=True):
        if name.endswith(SAID + SEEN):
            kept = [(a, token) for a, token in zip(answers, options, strict=True) if a not in WITHOUT_EVIDENCE]
            found.append(Question(name, name.endswith(SAID), *map(tuple, zip(*kept, strict=True))))
    return tuple(found)


class AlignmentTask(nn.Module):
    """The embeddings and the projector of a policy, trained without its layers.

    Args:
        policy: Whose parts they are; nothing else of it is trained here.
    """

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.words = policy.model.get_input_embeddings()
        self.projector = policy.model.model.multi_modal_projector

    def forward(self, words: Tensor, features: Tensor, options: Tensor) -> tuple[Tensor, Tensor]:
        """Return how far each answer is borne out, both of shape (rows, options): by words, and by image tokens.

        Args:
            words: Token ids, shape (rows, length), -1 for padding.
            features: Shape (rows, image tokens, tower width), NaN for padding.
            options: Tokens of the answers, shape (options,).
        """
        answers = self.words(options)
        is_word, is_seen = words >= 0, ~features.isnan().any(dim=-1)
        seen = self.projector(features.nan_to_num())
        return evidence(self.words(words.clamp(min=0)), is_word, answers), evidence(seen, is_seen, answers)


def evidence(tokens: Tensor, is_there: Tensor, answers: Tensor) -> Tensor:
    """Return the logarithm of the mean over tokens of exp(norm(token) . answer), shape (rows, answers).

    Args:
        tokens: Shape (rows, length, width).
        is_there: Which of them are no padding, shape (rows, length); at least one of each row.
        answers: Shape (answers, width).

    Example:
        >>> answers = torch.eye(2)
        >>> evidence(torch.tensor([[[3.0, 0.0]]]), torch.tensor([[True]]), answers).round(decimals=3)
        tensor([[1.4140, 0.0000]])
    """
    normed = tokens * torch.rsqrt(tokens.float().pow(2).mean(dim=-1, keepdim=True) + _SMALL).to(tokens.dtype)
    products = (normed @ answers.T).float()
    summed = products.masked_fill(~is_there[:, :, None], -torch.inf).logsumexp(dim=1)
    return summed - is_there.sum(dim=1, keepdim=True).log()


def alignment_step(policy: Policy, rows_of: RowsOf) -> Step:
    """Return the loss of the alignment on a batch: of the questions, of findings told, and of findings shown.

    Args:
        policy: As for `AlignmentTask`.
        rows_of: From the numbers of examples to their prompts with features, and their evaluations. An answer that is
            not known, or has no evidence, is not learnt.
    """
    questions, findings = questions_of(policy.script), findings_of(policy.script)
    options = torch.tensor([*(token for q in questions for token in q.tokens), *(f.token for f in findings)])
    reserved = {policy.script.image_id, *policy.script.begin}

    def step(model: nn.Module, chosen: Sequence[int], state: State, generator: torch.Generator) -> Outcome:
        rows, evaluations = rows_of(chosen)
        words = [torch.tensor([one for one in row.prompt if one not in reserved]) for row in rows]
        said, seen = model(
            pad_sequence(words, batch_first=True, padding_value=-1).to(policy.device),
            pad_sequence([row.features for row in rows], batch_first=True, padding_value=math.nan).to(policy.device),
            options.to(policy.device),
        )
        targets = torch.tensor([[q.wanted(e.checks) for q in questions] for e in evaluations], device=policy.device)
        loss = alignment_loss(said, seen, targets, questions)
        if findings:
            are = torch.tensor([[f.wanted(e.checks) for f in findings] for e in evaluations], device=policy.device)
            n = len(findings)
            loss = loss + findings_loss(said[:, -n:], are[..., 0]) + findings_loss(seen[:, -n:], are[..., 1])
        return Outcome(loss, {"loss": float(loss.detach())})

    return step


def alignment_loss(said: Tensor, seen: Tensor, targets: Tensor, questions: Sequence[Question]) -> Tensor:
    """Return the mean over the questions of the cross-entropy of their answers.

    Args:
        said: How far each answer is borne out by words, shape (rows, options), options in the order of the questions.
        seen: The same by image tokens.
        targets: Number of the answer among its question's, or NOT_LEARNT, shape (rows, questions).
        questions: What is asked. One that no row answers counts as 0.
    """
    losses, start = [], 0
    for k, question in enumerate(questions):
        stop = start + len(question.tokens)
        chosen, wanted = (said if question.is_said else seen)[:, start:stop], targets[:, k]
        n_learnt = (wanted != NOT_LEARNT).sum().clamp(min=1)
        losses.append(cross_entropy(chosen, wanted, ignore_index=NOT_LEARNT, reduction="sum") / n_learnt)
        start = stop
    return torch.stack(losses).mean()


def findings_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over findings of the binary cross-entropy, 0 where nothing is known.

    Args:
        logits: Logarithm of the odds of each finding, shape (rows, findings).
        targets: Whether it is there, 0 or 1, NaN where that is not known, shape (rows, findings).

    Example:
        >>> findings_loss(torch.zeros(1, 2), torch.tensor([[1.0, torch.nan]])).round(decimals=4)
        tensor(0.6931)
    """
    known = ~targets.isnan()
    if not known.any():
        return logits.sum() * 0
    return binary_cross_entropy_with_logits(logits[known], targets[known])
