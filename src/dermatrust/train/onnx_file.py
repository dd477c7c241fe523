"""A trained network as an ONNX file: batch normalisation folded into the convolutions before it, dropout left out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from dermatrust.store.atomic import write_bytes

OPSET = 17
IR_VERSION = 9
"""Old enough for every ONNX Runtime of the last years."""

Floats = NDArray[np.float32]


def write_onnx(
    path: Path, network: nn.Sequential, side_px: int, stored: Mapping[str, str], *, output: str = "logits",
    half: bool = False,
) -> None:  # fmt: skip
    """Write a network of convolutions, batch normalisations, ReLUs and dense layers, in evaluation mode.

    Args:
        path: The file to write.
        network: From pixels (n, 3, side_px, side_px) to logits.
        side_px: Side of the pictures.
        stored: Kept as the file's metadata.
        output: Name of the output.
        half: Keep the weights in half precision; they are raised when the file is loaded.

    Raises:
        TypeError: The network holds a layer of another kind.
        DataError: The file cannot be written.
    """
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []
    layers = list(network)
    value = "pixels"
    for place, layer in enumerate(layers):
        if isinstance(layer, nn.Dropout | nn.BatchNorm2d):
            continue
        kind, named, attributes = _operation(layers, place)
        kept = {f"{place}.{name}": array.astype(np.float16) if half else array for name, array in named.items()}
        weights += [numpy_helper.from_array(array, name) for name, array in kept.items()]
        names = list(kept)
        if half:
            nodes += [helper.make_node("Cast", [name], [f"{name}.float"], to=TensorProto.FLOAT) for name in names]
            names = [f"{name}.float" for name in names]
        inputs = [value, *names]
        value = output if place == len(layers) - 1 else f"value.{place}"
        nodes.append(helper.make_node(kind, inputs, [value], **attributes))
    last = next(layer for layer in reversed(layers) if isinstance(layer, nn.Linear))
    graph = helper.make_graph(
        nodes, "narrator" if output == "logits" else output,
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, side_px, side_px])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", last.out_features])],
        weights,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, dict(stored))
    onnx.checker.check_model(model)
    write_bytes(path, model.SerializeToString(deterministic=True))


def _operation(layers: Sequence[nn.Module], place: int) -> tuple[str, dict[str, Floats], dict[str, Any]]:
    """Return the ONNX operation of a layer, its weights by name, and its attributes."""
    layer = layers[place]
    if isinstance(layer, nn.Conv2d):
        following = layers[place + 1]
        assert isinstance(following, nn.BatchNorm2d)
        return "Conv", _folded(layer, following), {"strides": list(layer.stride), "pads": [1, 1, 1, 1]}
    if isinstance(layer, nn.Linear):
        return "Gemm", {"weight": _array(layer.weight), "bias": _array(layer.bias)}, {"transB": 1}
    if isinstance(layer, nn.ReLU):
        return "Relu", {}, {}
    if isinstance(layer, nn.Flatten):
        return "Flatten", {}, {}
    expected = "a convolution, batch normalisation, ReLU or dense layer"
    raise TypeError(f"layer {place} is a {type(layer).__name__}; expected {expected}")


def _folded(convolution: nn.Conv2d, normalisation: nn.BatchNorm2d) -> dict[str, Floats]:
    """Return the weights of one convolution that does what both do: w' = w g / s, b' = b - m g / s, s² = v + eps."""
    assert normalisation.running_mean is not None
    assert normalisation.running_var is not None
    gain = _array(normalisation.weight) / np.sqrt(_array(normalisation.running_var) + normalisation.eps)
    bias = _array(normalisation.bias) - _array(normalisation.running_mean) * gain
    return {
        "weight": (_array(convolution.weight) * gain[:, None, None, None]).astype(np.float32),
        "bias": bias.astype(np.float32),
    }


def _array(parameter: object) -> Floats:
    return np.asarray(parameter.detach().numpy(), dtype=np.float32)  # type: ignore[attr-defined]
