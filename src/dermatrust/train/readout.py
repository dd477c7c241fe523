"""The readout is fitted: how scores follow from what the finished decoder answers to every check."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dermatrust.evaluator.form import Evaluation, Form
from dermatrust.evaluator.policy import Policy, Row, batch_of
from dermatrust.evaluator.readout import Readout, Shared, answer_chances, n_pairs
from dermatrust.evaluator.script import NOT_LEARNT
from dermatrust.records import DIMENSIONS
from dermatrust.train.checkpoint import State
from dermatrust.train.loop import Step
from dermatrust.train.objectives import Outcome, open_skeleton
from dermatrust.train.recipe import ReadoutRecipe

BATCH = 32
RowsOf = Callable[[Sequence[int]], Sequence[Row]]
Floats = NDArray[np.float32]


def open_logits(policy: Policy, lengths: Sequence[int], rows_of: RowsOf) -> Iterator[tuple[list[int], Floats]]:
    """Yield the numbers of rows of like length, and the logits at their open places, (rows, places, vocabulary).

    They are the decoder's own; see `read_out` for the scores a readout makes of them.

    Args:
        policy: The evaluator.
        lengths: Of all rows.
        rows_of: From numbers to rows, which are many and large where the tower is.
    """
    script = policy.script
    answer = open_skeleton(script)
    order = sorted(range(len(lengths)), key=lambda k: lengths[k])
    policy.eval()
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        asked = [Row(row.prompt, row.features, [answer]) for row in rows_of(chosen)]
        with torch.no_grad():
            logits = policy(batch_of(asked, pad_id=script.placeholder_id, device=policy.device))
        yield chosen, logits.view(len(chosen), -1, logits.shape[-1]).float().cpu().numpy()


def chances_of(policy: Policy, lengths: Sequence[int], rows_of: RowsOf) -> Floats:
    """Return the chances of the answers of all checks, shape (rows, answers); arguments as for `open_logits`."""
    n_answers = sum(len(answers) for _, answers in policy.script.form.checks)
    found = np.zeros((len(lengths), n_answers), np.float32)
    for chosen, logits in open_logits(policy, lengths, rows_of):
        found[chosen] = answer_chances(policy.script.skeleton, logits)
    return found


def wanted_levels(form: Form, evaluations: Sequence[Evaluation]) -> NDArray[np.int64]:
    """Return the number of the level of every score, shape (evaluations, 6), NOT_LEARNT where there is none."""
    return np.array([
        [form.levels.index(form.nearest(e.scores[d])) if d in e.scores else NOT_LEARNT for d in DIMENSIONS]
        for e in evaluations
    ])  # fmt: skip


class ReadoutTask(nn.Module):
    """The readout while it is trained.

    It begins with no answer that costs anything, so every score begins near the best level.

    Args:
        shared: As the `Readout` keeps it.
        n_answers: Answers of all checks.
        levels: What a score can be, rising.
        recipe: Its width and dropout.
    """

    levels: Tensor

    def __init__(self, shared: Shared, n_answers: int, levels: Sequence[float], recipe: ReadoutRecipe) -> None:
        super().__init__()
        n_inputs = n_answers + n_pairs(shared)
        self.shared = shared
        self.first = nn.Linear(n_inputs, recipe.hidden)
        self.dropout = nn.Dropout(recipe.dropout)
        self.second = nn.Linear(recipe.hidden, len(DIMENSIONS) * len(levels))
        self.points = nn.Linear(n_inputs, len(DIMENSIONS), bias=False)
        nn.init.zeros_(self.points.weight)
        self.sharpness = nn.Parameter(torch.ones(len(DIMENSIONS)))
        self.register_buffer("levels", torch.tensor(levels))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits, shape (examples, scores, levels), from what `with_agreements` gives."""
        hidden = self.dropout(torch.relu(self.first(inputs)))
        bent = self.second(hidden).view(len(inputs), len(DIMENSIONS), -1)
        off = self.levels - (self.levels[-1] - self.points(inputs))[:, :, None]
        logits: Tensor = bent - self.sharpness[:, None] * off.square()
        return logits

    def fitted(self) -> Readout:
        """Return its weights as they are kept."""
        kept = (
            self.first.weight.T, self.first.bias, self.second.weight.T, self.second.bias, self.points.weight.T,
            self.sharpness, self.levels,
        )  # fmt: skip
        return Readout(self.shared, *(np.ascontiguousarray(one.detach().half().float().cpu().numpy()) for one in kept))


def readout_step(inputs: Floats, targets: NDArray[np.int64]) -> Step:
    """Return the loss of the readout on a batch: the mean cross-entropy of the scores that are known.

    Args:
        inputs: What `with_agreements` gives of the examples.
        targets: Numbers of levels, shape (examples, 6), NOT_LEARNT where there is none.
    """

    def step(model: nn.Module, chosen: Sequence[int], state: State, generator: torch.Generator) -> Outcome:
        device = next(model.parameters()).device
        logits: Tensor = model(torch.from_numpy(inputs[list(chosen)]).to(device)).float()
        wanted = torch.from_numpy(targets[list(chosen)]).to(device)
        n_known = (wanted != NOT_LEARNT).sum().clamp(min=1)
        by_score = logits.flatten(0, 1)
        loss = cross_entropy(by_score, wanted.flatten(), ignore_index=NOT_LEARNT, reduction="sum") / n_known
        return Outcome(loss, {"loss": float(loss.detach())})

    return step
