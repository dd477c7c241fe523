"""A trained network as an ONNX file: batch normalisation folded into the convolutions before it, dropout left out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from dermatrust.evaluator.tower import Convolution, Residual
from dermatrust.store.atomic import write_bytes

OPSET = 17
IR_VERSION = 9
"""Old enough for every ONNX Runtime of the last years."""

EIGHT_BITS = 127
"""Largest weight of a dense layer as a whole number."""

Floats = NDArray[np.float32]


def write_onnx(
    path: Path, network: nn.Sequential, side_px: int, stored: Mapping[str, str], *, output: str = "logits",
    half: bool = False,
) -> None:  # fmt: skip
    """Write a network of convolutions, batch normalisations, residuals, ReLUs and dense layers, in evaluation mode.

    Args:
        path: The file to write.
        network: From pixels (n, 3, side_px, side_px) to logits.
        side_px: Side of the pictures.
        stored: Kept as the file's metadata.
        output: Name of the output.
        half: Keep convolutions in half precision and dense layers in eight bits with a step for each output; they are
            raised when the file is loaded.

    Raises:
        TypeError: The network holds a layer of another kind.
        DataError: The file cannot be written.
    """
    graph = _Graph(half)
    value = graph.run(network, "pixels", "")
    graph.nodes.append(helper.make_node("Identity", [value], [output]))
    last = next(layer for layer in reversed(list(network)) if isinstance(layer, nn.Linear))
    found = helper.make_graph(
        graph.nodes, "narrator" if output == "logits" else output,
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, side_px, side_px])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", last.out_features])],
        graph.weights,
    )  # fmt: skip
    model = helper.make_model(found, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, dict(stored))
    onnx.checker.check_model(model)
    write_bytes(path, model.SerializeToString(deterministic=True))


class _Graph:
    """A graph while it is written."""

    def __init__(self, half: bool) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._half = half

    def run(self, network: nn.Sequential, value: str, within: str) -> str:
        """Add the layers of a network to the graph, and return the name of what the last gives.

        Args:
            network: The layers.
            value: Name of what they are given.
            within: Place of the layer they are a part of, which their own places follow.
        """
        layers = list(network)
        for k, layer in enumerate(layers):
            place = f"{within}{k}"
            if isinstance(layer, nn.Dropout | nn.BatchNorm2d):
                continue
            if isinstance(layer, Residual):
                inner = self.run(layer.inner, value, f"{place}.")
                self.nodes.append(helper.make_node("Add", [value, inner], [f"value.{place}"]))
            else:
                kind, named, attributes = _operation(layers, k)
                inputs = [value, *(self._weight(f"{place}.{name}", array) for name, array in named.items())]
                self.nodes.append(helper.make_node(kind, inputs, [f"value.{place}"], **attributes))
            value = f"value.{place}"
        return value

    def _weight(self, name: str, array: Floats) -> str:
        if not self._half:
            return self._keep(name, array)
        if array.ndim != 2:
            return self._raised(self._keep(name, array.astype(np.float16)))
        numbers, steps = whole_numbers(array, EIGHT_BITS)
        factors = [self._raised(self._keep(name, numbers)), self._keep(f"{name}.steps", steps[:, None])]
        self.nodes.append(helper.make_node("Mul", factors, [f"{name}.whole"]))
        return f"{name}.whole"

    def _keep(self, name: str, array: NDArray[Any]) -> str:
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def _raised(self, name: str) -> str:
        self.nodes.append(helper.make_node("Cast", [name], [f"{name}.float"], to=TensorProto.FLOAT))
        return f"{name}.float"


def whole_numbers(weight: Floats, most: int) -> tuple[NDArray[np.int8], Floats]:
    """Return a dense layer's weights as whole numbers, and the step of each output: weight ≈ step times whole number.

    Args:
        weight: Shape (outputs, inputs).
        most: The largest whole number.

    Example:
        >>> numbers, steps = whole_numbers(np.array([[0.64, -0.32], [0.0, 0.0]], np.float32), 64)
        >>> numbers.tolist(), steps.round(4).tolist()
        ([[64, -32], [0, 0]], [0.009999999776482582, 1.0])
    """
    steps = np.abs(weight).max(axis=1) / most
    steps[steps == 0] = 1
    return np.round(weight / steps[:, None]).astype(np.int8), steps.astype(np.float32)


def _operation(layers: Sequence[nn.Module], place: int) -> tuple[str, dict[str, Floats], dict[str, Any]]:
    """Return the ONNX operation of a layer, its weights by name, and its attributes."""
    layer = layers[place]
    if isinstance(layer, Convolution):
        attributes = {"strides": [layer.stride] * 2, "pads": [layer.padding] * 4}
        return "Conv", _folded(_array(layer.weight).reshape(-1, *layer.window), layer.norm), attributes
    if isinstance(layer, nn.Conv2d):
        following = layers[place + 1]
        assert isinstance(following, nn.BatchNorm2d)
        return "Conv", _folded(_array(layer.weight), following), {"strides": list(layer.stride), "pads": [1, 1, 1, 1]}
    if isinstance(layer, nn.Linear):
        return "Gemm", {"weight": _array(layer.weight), "bias": _array(layer.bias)}, {"transB": 1}
    if isinstance(layer, nn.ReLU):
        return "Relu", {}, {}
    if isinstance(layer, nn.Flatten):
        return "Flatten", {}, {}
    expected = "a convolution, batch normalisation, residual, ReLU or dense layer"
    raise TypeError(f"layer {place} is a {type(layer).__name__}; expected {expected}")


def _folded(weight: Floats, normalisation: nn.BatchNorm2d) -> dict[str, Floats]:
    """Return the weights of one convolution that does what both do: w' = w g / s, b' = b - m g / s, s² = v + eps."""
    assert normalisation.running_mean is not None
    assert normalisation.running_var is not None
    gain = _array(normalisation.weight) / np.sqrt(_array(normalisation.running_var) + normalisation.eps)
    bias = _array(normalisation.bias) - _array(normalisation.running_mean) * gain
    return {
        "weight": (weight * gain[:, None, None, None]).astype(np.float32),
        "bias": bias.astype(np.float32),
    }


def _array(parameter: object) -> Floats:
    return np.asarray(parameter.detach().numpy(), dtype=np.float32)  # type: ignore[attr-defined]
