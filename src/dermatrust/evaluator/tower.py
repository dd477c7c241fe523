"""The vision tower of the embedded evaluator: a small convolutional network that gives one token per finding.

It is a Transformers model, so that `LlavaForConditionalGeneration` takes it as any other tower. Each token is trained,
before everything else, to tell the value of one attribute of the synthetic atlas; then the tower is frozen.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

SMALLEST_MAP = 7
"""The picture is halved until its side is at most this."""


class AtlasTowerConfig(PretrainedConfig):
    """Size of the tower.

    Args:
        image_size: Side of the square picture, pixels.
        width: Channels of the first layer; later layers have up to four times as many.
        n_tokens: Tokens it gives for each picture.
        hidden_size: Width of a token.
    """

    model_type = "dermatrust_atlas_tower"

    def __init__(
        self, image_size: int = 112, width: int = 24, n_tokens: int = 10, hidden_size: int = 64, **rest: Any
    ) -> None:
        self.image_size = image_size
        self.width = width
        self.n_tokens = n_tokens
        self.hidden_size = hidden_size
        super().__init__(**rest)


class AtlasTower(PreTrainedModel):
    """From pictures (n, 3, side, side) in -1 to 1 to tokens (n, n_tokens, hidden_size), none of them negative."""

    config_class = AtlasTowerConfig
    config: AtlasTowerConfig
    main_input_name = "pixel_values"
    base_model_prefix = "tower"

    def __init__(self, config: AtlasTowerConfig) -> None:
        super().__init__(config)
        layers: list[nn.Module] = []
        channels, side, width = 3, config.image_size, config.width
        while side > SMALLEST_MAP:
            layers += [nn.Conv2d(channels, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            channels, side, width = width, (side + 1) // 2, min(2 * width, 4 * config.width)
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        hidden = 8 * config.width
        layers += [nn.Flatten(), nn.Dropout(0.2), nn.Linear(width * side * side, hidden), nn.ReLU(), nn.Dropout(0.2)]
        layers += [nn.Linear(hidden, config.n_tokens * config.hidden_size), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Keep PyTorch's own initial weights, which suit convolutions."""

    def forward(self, pixel_values: Tensor, **_: Any) -> BaseModelOutputWithPooling:
        """Return the tokens as the last and only hidden state."""
        tokens = self.layers(pixel_values.to(memory_format=torch.channels_last))
        tokens = tokens.view(len(pixel_values), self.config.n_tokens, self.config.hidden_size)
        return BaseModelOutputWithPooling(last_hidden_state=tokens, hidden_states=(tokens,))


AutoConfig.register(AtlasTowerConfig.model_type, AtlasTowerConfig)
AutoModel.register(AtlasTowerConfig, AtlasTower)
