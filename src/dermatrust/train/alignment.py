"""Alignment: the words of texts and the tokens of photographs learn to mean the answers they bear out.

The vision-language models of the LLaVA family (https://arxiv.org/abs/2304.08485, section 4.2) begin with a stage that
moves image features to where the word embeddings are. An evaluator from nothing has no such place yet, so words and
image tokens move together, each to the answer words it bears out:

    chance that the answer is v  ~  sum over evidence t of  exp(norm(x_t) . e_v)

x_t is the embedding of a word of the prompt for what is said, a projected image token for what is seen; e_v is the
embedding of the answer, with which the decoder writes it; norm is the decoder's own scaling to a root mean square of 1.
It is the decoder without layers, and one that begins with these embeddings reads from its first step on.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from dermatrust.atlas.critique import NOTHING, OTHER, VAGUELY
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
    """Return the logarithm of the sum over tokens of exp(norm(token) . answer), shape (rows, answers).

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
    return products.masked_fill(~is_there[:, :, None], -torch.inf).logsumexp(dim=1)


def alignment_step(policy: Policy, rows_of: RowsOf) -> Step:
    """Return the loss of the alignment on a batch: the mean cross-entropy over the questions.

    Args:
        policy: As for `AlignmentTask`.
        rows_of: From the numbers of examples to their prompts with features, and their evaluations. An answer that is
            not known, or has no evidence, is not learnt.
    """
    questions = questions_of(policy.script)
    options = torch.tensor([token for question in questions for token in question.tokens])
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
