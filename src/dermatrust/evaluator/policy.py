"""The evaluator as a policy in torch: a Llava-type model, asked in batches over cached image features."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import PIL.Image
import torch
from torch import Tensor, nn

from dermatrust.evaluator.readout import Readout
from dermatrust.evaluator.script import NOT_LEARNT, Answer, Script

Pixels = Callable[[Sequence[PIL.Image.Image]], Tensor]
"""From pictures to what a tower takes, shape (n, 3, side, side)."""


HIDDEN = -1e9
"""Added to the attention of what must not be seen; finite, and within the range of every float type but half."""


@dataclass(frozen=True, slots=True)
class Row:
    """One prompt with the answers that stand behind it.

    Attributes:
        prompt: Token ids without a cue.
        features: What the tower sees in the images, shape (image tokens, tower width).
        answers: None for drawing; several share the prompt, and none of them sees another.
    """

    prompt: Sequence[int]
    features: Tensor
    answers: Sequence[Answer] = ()

    def __len__(self) -> int:
        return len(self.prompt) + sum(len(answer.ids) for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows padded to one length.

    Attributes:
        ids: Shape (rows, length), like the next three.
        labels: What each token should be followed by, or NOT_LEARNT.
        positions: Place of each token in its sequence; every answer goes on from the prompt's end.
        parts: 0 for the prompt, k for the k-th answer, -1 for padding.
        features: Shape (image tokens of all rows, tower width), in the order of the rows.
    """

    ids: Tensor
    labels: Tensor
    positions: Tensor
    parts: Tensor
    features: Tensor

    @property
    def mask(self) -> Tensor:
        """What each token may look at, shape (rows, 1, length, length): 0 where it may, very low where it may not.

        It may look at what stands before it in its own part and in the prompt. Padding looks at padding, so no row is
        empty.
        """
        length = self.ids.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=self.ids.device).tril()
        own = self.parts[:, :, None] == self.parts[:, None, :]
        prompt = (self.parts == 0)[:, None, :] & (self.parts >= 0)[:, :, None]
        hidden = ~(causal & (own | prompt))[:, None]
        return torch.zeros(hidden.shape, device=hidden.device).masked_fill_(hidden, HIDDEN)


def batch_of(rows: Sequence[Row], *, pad_id: int, device: torch.device | str = "cpu") -> Batch:
    """Return rows as one batch, padded at their ends."""
    length = max(map(len, rows))
    ids = torch.full((len(rows), length), pad_id)
    labels = torch.full_like(ids, NOT_LEARNT)
    positions = torch.zeros_like(ids)
    parts = torch.full_like(ids, -1)
    for i, row in enumerate(rows):
        place = n = len(row.prompt)
        ids[i, :n], positions[i, :n], parts[i, :n] = torch.tensor(row.prompt), torch.arange(n), 0
        for k, answer in enumerate(row.answers, start=1):
            end = place + len(answer.ids)
            ids[i, place:end], labels[i, place:end] = torch.tensor(answer.ids), torch.tensor(answer.labels)
            positions[i, place:end], parts[i, place:end] = torch.arange(n, n + end - place), k
            place = end
    features = torch.cat([row.features for row in rows])
    return Batch(*(part.to(device) for part in (ids, labels, positions, parts, features)))


class Policy(nn.Module):
    """A Llava-type model with its script.

    Args:
        model: A `LlavaForConditionalGeneration`; LoRA layers may have been put into it.
        script: Its tokens.
        pixels: From pictures to what its tower takes.

    Attributes:
        adapter: The model wrapped by PEFT where LoRA layers are trained, or None.
        readout: How its scores follow from its checks, where that was fitted.
    """

    def __init__(self, model: Any, script: Script, pixels: Pixels) -> None:
        super().__init__()
        self.model = model
        self.script = script
        self.pixels = pixels
        self.adapter: Any = None
        self.readout: Readout | None = None

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        weight: Tensor = self.model.lm_head.weight
        return weight.device

    def look(self, pixels: Tensor) -> Tensor:
        """Return what the frozen tower sees, shape (images, tokens per image, tower width), without gradient."""
        config = self.model.config
        with torch.no_grad():
            tower = self.model.model.vision_tower
            seen = tower(pixels.to(self.device, tower.dtype), output_hidden_states=True)
            features: Tensor = seen.hidden_states[config.vision_feature_layer]
        return features[:, 1:] if config.vision_feature_select_strategy == "default" else features

    def embed(self, ids: Tensor, features: Tensor, *, parts: Tensor | None = None) -> Tensor:
        """Return input embeddings, shape (rows, length, width), of ids and of features, which are projected.

        Args:
            ids: Shape (rows, length).
            features: Shape (image tokens of all rows, tower width), in the order of the rows.
            parts: As in `Batch`. Images stand in prompts; their token in an answer, where a draw may hit on it, is a
                token like any other.
        """
        embedded: Tensor = self.model.get_input_embeddings()(ids)
        projector = self.model.model.multi_modal_projector
        projected = projector(features.to(projector.linear_1.weight.dtype)).to(embedded.dtype)
        is_image = ids == self.script.image_id
        if parts is not None:
            is_image &= parts == 0
        return embedded.masked_scatter(is_image[:, :, None], projected)

    def forward(self, batch: Batch) -> Tensor:
        """Return the logits of the tokens that are learnt, shape (learnt tokens, vocabulary), in float32.

        They stand in the order of `batch.labels[batch.labels != NOT_LEARNT]`; nothing else goes through the head.
        """
        embedded = self.embed(batch.ids, batch.features, parts=batch.parts)
        hidden = self.model.model.language_model(
            inputs_embeds=embedded, attention_mask=batch.mask.to(embedded.dtype),
            position_ids=batch.positions, use_cache=False,
        ).last_hidden_state  # fmt: skip
        logits: Tensor = self.model.lm_head(hidden[batch.labels != NOT_LEARNT])
        return logits.float()
