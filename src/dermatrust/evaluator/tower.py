"""The vision tower of the embedded evaluator: a small convolutional network that gives one token per finding.

It is a Transformers model, so that `LlavaForConditionalGeneration` takes it as any other tower. Each token is trained,
before everything else, to tell the value of one attribute of the synthetic atlas; then the tower is frozen.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

MAPS = 3
"""Of a picture: of its patches, and twice of half the side and twice the channels."""


class AtlasTowerConfig(PretrainedConfig):
    """Size of the tower.

    Args:
        image_size: Side of the square picture, pixels.
        patch_size: Side of the patches it is cut into, pixels.
        width: Channels of the first map; the later ones have two and four times as many.
        n_tokens: Tokens it gives for each picture.
        hidden_size: Width of a token.
    """

    model_type = "dermatrust_atlas_tower"

    def __init__(
        self, image_size: int = 112, patch_size: int = 4, width: int = 32, n_tokens: int = 10, hidden_size: int = 64,
        **rest: Any,
    ) -> None:  # fmt: skip
        self.image_size = image_size
        self.patch_size = patch_size
        self.width = width
        self.n_tokens = n_tokens
        self.hidden_size = hidden_size
        super().__init__(**rest)


class Convolution(nn.Module):
    """A convolution without bias, and batch normalisation; its weights are a matrix, as Muon takes them.

    Args:
        channels: Of its input.
        width: Channels of its output.
        size: Side of the window, pixels.
        stride: Step of the window, pixels.
        padding: Zeros around the input, pixels.
    """

    def __init__(self, channels: int, width: int, size: int, *, stride: int, padding: int) -> None:
        super().__init__()
        self.window, self.stride, self.padding = (channels, size, size), stride, padding
        plain = nn.Conv2d(channels, width, size, bias=False)
        self.weight = nn.Parameter(plain.weight.detach().flatten(1))
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Return maps (n, width, side, side) of maps (n, channels, side, side)."""
        weight = self.weight.view(-1, *self.window)
        found: Tensor = self.norm(conv2d(x, weight, stride=self.stride, padding=self.padding))
        return found


class Residual(nn.Module):
    """Two convolutions whose outcome is added to what they were given (He et al. 2015, arXiv 1512.03385).

    Args:
        width: Channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        one, other = (Convolution(width, width, 3, stride=1, padding=1) for _ in range(2))
        self.inner = nn.Sequential(one, nn.ReLU(), other)

    def forward(self, x: Tensor) -> Tensor:
        """Return maps of the same shape."""
        found: Tensor = x + self.inner(x)
        return found


class AtlasTower(PreTrainedModel):
    """From pictures (n, 3, side, side) in -1 to 1 to tokens (n, n_tokens, hidden_size), none of them negative."""

    config_class = AtlasTowerConfig
    config: AtlasTowerConfig
    main_input_name = "pixel_values"
    base_model_prefix = "tower"

    def __init__(self, config: AtlasTowerConfig) -> None:
        super().__init__(config)
        channels, width, side = 3, config.width, config.image_size // config.patch_size
        layers: list[nn.Module] = []
        for k in range(MAPS):
            if k == 0:
                layers.append(Convolution(channels, width, config.patch_size, stride=config.patch_size, padding=0))
            else:
                channels, width, side = width, 2 * width, (side + 1) // 2
                layers.append(Convolution(channels, width, 3, stride=2, padding=1))
            layers += [nn.ReLU(), Residual(width), nn.ReLU(), Residual(width), nn.ReLU()]
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
