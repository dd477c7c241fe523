"""Drawing evaluations from a policy: one pass over the prompts, then token by token over the kept keys and values."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import Cache
from transformers.cache_utils import DynamicLayer

from dermatrust.evaluator.policy import HIDDEN, Policy, Row


@dataclass(frozen=True, slots=True)
class Draw:
    """One drawn evaluation.

    Attributes:
        ids: Its tokens behind the cue, the end included where it was reached.
        log_probabilities: Of each, in nats, at temperature 1.
        alternatives: For each, the likeliest tokens and their log-probabilities; empty unless asked for.
    """

    ids: tuple[int, ...]
    log_probabilities: tuple[float, ...] = ()
    alternatives: tuple[tuple[tuple[int, float], ...], ...] = ()


_ROOM = 128
"""Tokens a layer takes room for at a time."""


class _Roomy(DynamicLayer):
    """Kept keys and values with room behind them: a step adds its own, where others copy all that came before."""

    _room: tuple[Tensor, Tensor] | None = None

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: object, **kwargs: object
    ) -> tuple[Tensor, Tensor]:
        """Add keys and values, shape (rows, heads, tokens, width), and return all."""
        n = self.get_seq_length()
        if n == 0:
            self.lazy_initialization(key_states, value_states)
            self.keys, self.values = key_states, value_states
            return key_states, value_states
        length = n + key_states.shape[-2]
        assert self.keys is not None
        assert self.values is not None
        if self._room is None or self._room[0].shape[-2] < length:
            self._room = self._with_room(self.keys, length), self._with_room(self.values, length)
        keys, values = self._room
        keys[:, :, n:length], values[:, :, n:length] = key_states, value_states
        self.keys, self.values = keys[:, :, :length], values[:, :, :length]
        return self.keys, self.values

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keep some rows; the copies have no room yet."""
        super().batch_select_indices(indices)
        self._room = None

    @staticmethod
    def _with_room(kept: Tensor | None, length: int) -> Tensor:
        assert kept is not None  # there are tokens already
        rows, heads, n, width = kept.shape
        roomy = kept.new_empty(rows, heads, length + _ROOM, width)
        roomy[:, :, :n] = kept
        return roomy


_Found = tuple[list[int], list[float], list[tuple[tuple[int, float], ...]]]
"""A draw while it grows: tokens, log-probabilities, alternatives."""


@torch.inference_mode()
def draw(
    policy: Policy, rows: Sequence[Row], cue: Sequence[int], *, n_draws: int = 1, max_new_tokens: int,
    temperature: float = 0.0, generator: torch.Generator | None = None, n_alternatives: int = 0,
) -> list[list[Draw]]:  # fmt: skip
    """Return drawn evaluations, shape (rows, n_draws).

    The prompts go through the model once, however many draws each gets: the draws of a prompt share its keys and values
    and stand side by side behind it, where none sees another. Rows of which all draws have ended leave the batch.

    Args:
        policy: Whom to draw from; no gradient is kept.
        rows: Prompts with their features.
        cue: Tokens that begin the answer.
        n_draws: Draws of each row.
        max_new_tokens: Longest draw.
        temperature: 0 takes the likeliest token.
        generator: Of the chance, on the policy's device.
        n_alternatives: Keep so many likeliest tokens at each step.
    """
    logits, cache, mask, positions = _prefill(policy, rows, cue)
    logits, mask = logits[:, None].expand(-1, n_draws, -1), mask.expand(-1, -1, n_draws, -1)
    apart = mask.new_full((n_draws, n_draws), HIDDEN).fill_diagonal_(0)
    end = policy.script.end_id
    found: list[list[_Found]] = [[([], [], []) for _ in range(n_draws)] for _ in rows]
    ended = torch.zeros(logits.shape[:2], dtype=torch.bool, device=logits.device)
    batch = found  # of the rows that are left
    for step in range(max_new_tokens):
        chosen = _chosen(logits, temperature, generator)
        _keep(batch, ended, chosen, logits.float().log_softmax(dim=-1), n_alternatives)
        ended |= chosen == end
        over = ended.all(dim=1)
        if step + 1 == max_new_tokens or bool(over.all()):
            break
        if int(over.sum()) * 4 >= len(over):  # below a quarter, the copy costs more than the rows
            cache.batch_select_indices((~over).nonzero()[:, 0])
            batch = [row for row, is_over in zip(batch, over.tolist(), strict=True) if not is_over]
            chosen, mask, positions, ended = (x[~over] for x in (chosen, mask, positions, ended))
        mask = torch.cat([mask, apart.expand(len(mask), 1, -1, -1)], dim=-1)
        positions = positions + 1
        embedded = policy.model.get_input_embeddings()(chosen)
        hidden = _step(policy, embedded, mask, positions[:, None].expand(-1, n_draws), cache)
        logits = policy.model.lm_head(hidden)
    return [[Draw(tuple(ids), tuple(logs), tuple(others)) for ids, logs, others in row] for row in found]


def _prefill(policy: Policy, rows: Sequence[Row], cue: Sequence[int]) -> tuple[Tensor, Cache, Tensor, Tensor]:
    """Return the logits behind each prompt, the kept keys and values, what hides the padding, the last positions."""
    length = max(len(row.prompt) for row in rows) + len(cue)
    ids = torch.full((len(rows), length), policy.script.placeholder_id)
    given = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        tokens = [*row.prompt, *cue]
        ids[i, -len(tokens) :], given[i, -len(tokens) :] = torch.tensor(tokens), 1
    ids, given = ids.to(policy.device), given.to(policy.device)
    positions = (given.cumsum(dim=1) - 1).clamp(min=0)
    embedded = policy.embed(ids, torch.cat([row.features for row in rows]).to(policy.device))
    cache = Cache(layer_class_to_replicate=_Roomy)
    hidden = _step(policy, embedded, given, positions, cache)
    mask = embedded.new_zeros(given.shape).masked_fill_(given == 0, HIDDEN)
    return policy.model.lm_head(hidden[:, -1]), cache, mask[:, None, None], positions[:, -1]


def _step(policy: Policy, embedded: Tensor, mask: Tensor, positions: Tensor, cache: Cache) -> Tensor:
    """Return the last hidden states, shape (rows, tokens, width)."""
    hidden: Tensor = policy.model.model.language_model(
        inputs_embeds=embedded, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True
    ).last_hidden_state
    return hidden


def _chosen(logits: Tensor, temperature: float, generator: torch.Generator | None) -> Tensor:
    """Return one token for every draw, shape (rows, draws)."""
    if temperature == 0:
        return logits.argmax(dim=-1)
    # Not `torch.multinomial`, which makes a random number of every token of the vocabulary.
    up_to = (logits.float() / temperature).softmax(dim=-1).cumsum(dim=-1, dtype=torch.float64)
    place = torch.rand(up_to.shape[:2], dtype=torch.float64, device=up_to.device, generator=generator)
    chosen = torch.searchsorted(up_to, place[..., None] * up_to[..., -1:], right=True)[..., 0]
    return chosen.clamp(max=logits.shape[-1] - 1)  # logits that are no numbers: the loss tells it, and training stops


def _keep(batch: list[list[_Found]], ended: Tensor, chosen: Tensor, chances: Tensor, n_alternatives: int) -> None:
    """Append the chosen tokens to the draws that have not ended."""
    ids, over = chosen.tolist(), ended.tolist()
    own = chances.gather(-1, chosen[..., None])[..., 0].tolist()
    top = chances.topk(n_alternatives, dim=-1) if n_alternatives else None
    for i, row in enumerate(batch):
        for k, (tokens, logs, others) in enumerate(row):
            if over[i][k]:
                continue
            tokens.append(ids[i][k])
            logs.append(own[i][k])
            if top is not None:
                others.append(tuple(zip(top.indices[i, k].tolist(), top.values[i, k].tolist(), strict=True)))
