"""An evaluator trained from nothing as the ONNX files the package runs: its tower, and its projector with its decoder.

The decoder's graph is written by hand, so that it holds what scoring needs and nothing else: logits at chosen places
only, the last layer computed at these places only. The matrix products of the layers are of whole numbers
(docs/decisions/0011-eight-bit-decoder.md); all other weights are in half precision, raised when they are loaded.
Equations: Llama (Touvron et al. 2023, https://arxiv.org/abs/2302.13971), rotary positions (Su et al. 2021,
https://arxiv.org/abs/2104.09864), LLaVA's projector (Liu et al. 2023, https://arxiv.org/abs/2310.03744).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from dermatrust.evaluator.nano import DECODER, TOWER
from dermatrust.evaluator.policy import Policy
from dermatrust.evaluator.readout import READOUT, write_readout
from dermatrust.evaluator.tower import AtlasTower
from dermatrust.store.atomic import write_bytes
from dermatrust.train.onnx_file import whole_numbers, write_onnx

OPSET, IR_VERSION = 23, 11
MOST = 64
"""Largest weight as a whole number: two of them times 255 fit in 16 bits, where processors without VNNI add them."""
TINY = 1e-9
Floats = NDArray[np.float32]


def write_evaluator(policy: Policy, folder: Path) -> None:
    """Write `tower.onnx` and `decoder.onnx` of an evaluator into a folder, and its readout where it has one.

    Raises:
        TypeError: The evaluator's tower is not the embedded one's.
        DataError: A file cannot be written.
    """
    tower = policy.model.model.vision_tower
    if not isinstance(tower, AtlasTower):
        raise TypeError(f"the tower is a {type(tower).__name__}; only an evaluator trained from nothing is exported")
    size = tower.config
    stored = {"side_px": str(size.image_size), "n_tokens": str(size.n_tokens), "hidden": str(size.hidden_size)}
    write_onnx(folder / TOWER, tower.layers, size.image_size, stored, output="features", half=True)
    script = policy.script
    kept = {
        "form": script.form.as_json(),
        "tokenizer": script.tokenizer_json,
        "ids": json.dumps({
            "image_id": script.image_id, "begin": script.begin, "end_id": script.end_id,
            "placeholder_id": script.placeholder_id,
        }),
        "sizes": json.dumps(_sizes(policy.model)),
        "readout": "" if policy.readout is None else policy.readout.sha256,
        "tower": hashlib.sha256((folder / TOWER).read_bytes()).hexdigest(),
    }  # fmt: skip
    write_decoder(folder / DECODER, policy.model, kept)
    write_readout(folder / READOUT, policy.readout)


def write_decoder(path: Path, model: Any, stored: Mapping[str, str]) -> None:
    """Write projector and decoder of a Llava-type model with a Llama decoder.

    Inputs: `features` (B, M, tower width), `ids` (B, L), `positions` (B, M + L), `mask` (B, 1, M + L, P + M + L) with 0
    where a token may be looked at, `places` (B, K) among the M + L, `answers` (W,), the tokens whose logits are asked
    for, and for each layer `past_k.i`, `past_v.i` (B, heads, P, head width). Outputs: `logits` (B, K, W), `k.i` and
    `v.i` with past and present.

    Args:
        path: The file.
        model: A `LlavaForConditionalGeneration`.
        stored: Kept as the file's metadata.

    Raises:
        DataError: The file cannot be written.
    """
    sizes = _sizes(model)
    graph = _Graph()
    x = _inputs(graph, model, sizes)
    layers = model.model.language_model.layers
    outputs = []
    for k, layer in enumerate(layers):
        x, key, value = _layer(graph, layer, x, k, sizes, last=k + 1 == len(layers))
        outputs += [key, value]
    x = graph.norm(x, model.model.language_model.norm)
    table = model.get_input_embeddings().weight
    name = "embedding" if model.lm_head.weight is table else "head"  # tied weights are kept once
    head = graph.node("Gather", [graph.weight(name, model.lm_head.weight), "answers"])
    graph.node("MatMul", [x, graph.node("Transpose", [head], perm=[1, 0])], "logits")
    write_bytes(path, graph.model(sizes, outputs, stored).SerializeToString(deterministic=True))


def _sizes(model: Any) -> dict[str, int]:
    text = model.config.text_config
    heads = text.num_attention_heads
    return {
        "width": text.hidden_size, "heads": heads, "kv_heads": text.num_key_value_heads,
        "head_width": text.hidden_size // heads, "layers": text.num_hidden_layers, "vocabulary": text.vocab_size,
        "tower_width": model.config.vision_config.hidden_size, "context": text.max_position_embeddings,
    }  # fmt: skip


class _Graph:
    """A graph while it is written: nodes, and weights in whole numbers, or in half precision and raised."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self._raised: dict[str, str] = {}
        self._rounded: dict[str, list[str]] = {}
        self._n = 0

    def node(self, kind: str, inputs: Sequence[str], output: str | None = None, **attributes: Any) -> str:
        return self.nodes(kind, inputs, 1 if output is None else [output], **attributes)[0]

    def nodes(self, kind: str, inputs: Sequence[str], outputs: int | list[str], **attributes: Any) -> list[str]:
        if isinstance(outputs, int):
            outputs = [f"value.{self._n + k}" for k in range(outputs)]
            self._n += len(outputs)
        self._nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs

    def constant(self, value: NDArray[Any] | float) -> str:
        name = f"constant.{self._n}"
        self._n += 1
        return self._keep(name, np.asarray(value, dtype=np.float32) if isinstance(value, float) else value)

    def _keep(self, name: str, array: NDArray[Any]) -> str:
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weight(self, name: str, tensor: Tensor) -> str:
        if name in self._raised:
            return self._raised[name]
        self._keep(name, tensor.detach().float().cpu().numpy().astype(np.float16))
        self._raised[name] = self.node("Cast", [name], to=TensorProto.FLOAT)
        return self._raised[name]

    def product(self, x: str, name: str, layer: nn.Linear) -> str:
        """A dense layer without bias on whole numbers: x in 255 steps between its least and its greatest value.

        These are the nodes that ONNX Runtime takes for one.
        """
        if x not in self._rounded:
            self._rounded[x] = self.nodes("DynamicQuantizeLinear", [x], 3)
        rounded, step, zero = self._rounded[x]
        numbers, steps = whole_numbers(layer.weight.detach().float().cpu().numpy(), MOST)
        total = self.node("MatMulInteger", [rounded, self._keep(name, numbers.T), zero])
        both = self.node("Mul", [step, self._keep(f"{name}.steps", steps)])
        return self.node("Mul", [self.node("Cast", [total], to=TensorProto.FLOAT), both])

    def product_by_row(self, x: str, name: str, layer: nn.Linear) -> str:
        """The same with every row of x divided by its greatest magnitude before, for rows that differ much in it."""
        magnitude = self.node("ReduceMax", [self.node("Abs", [x]), self.constant(np.array([-1], dtype=np.int64))])
        greatest = self.node("Max", [magnitude, self.constant(TINY)])
        return self.node("Mul", [self.product(self.node("Div", [x, greatest]), name, layer), greatest])

    def norm(self, x: str, layer: Any) -> str:
        """Root mean square normalisation: x / sqrt(mean(x²) + eps) times the gain."""
        gain = self.weight(f"norm.{self._n}", layer.weight)
        return self.node("RMSNormalization", [x, gain], epsilon=float(layer.variance_epsilon))

    def model(self, sizes: Mapping[str, int], outputs: Sequence[str], stored: Mapping[str, str]) -> onnx.ModelProto:
        value, number, real = helper.make_tensor_value_info, TensorProto.INT64, TensorProto.FLOAT
        past: list[str | int | None] = ["B", sizes["kv_heads"], "P", sizes["head_width"]]
        inputs = [
            value("features", real, ["B", "M", sizes["tower_width"]]), value("ids", number, ["B", "L"]),
            value("positions", number, ["B", "S"]), value("mask", real, ["B", 1, "S", "PS"]),
            value("places", number, ["B", "K"]), value("answers", number, ["W"]),
        ]  # fmt: skip
        inputs += [value(f"past_{kind}.{k}", real, past) for k in range(sizes["layers"]) for kind in "kv"]
        found = [value("logits", real, ["B", "K", "W"])]
        present = [*past[:2], "PS", past[3]]
        found += [value(name, real, present) for name in outputs]
        graph = helper.make_graph(self._nodes, "decoder", inputs, found, self._weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        helper.set_model_props(model, dict(stored))
        onnx.checker.check_model(model)
        return model


def _inputs(graph: _Graph, model: Any, sizes: Mapping[str, int]) -> str:
    """Return the embeddings of images and tokens, one behind the other, and name cos and sin of their positions."""
    projector = model.model.multi_modal_projector
    hidden = _dense(graph, "features", "projector.1", projector.linear_1)
    projected = _dense(graph, _gelu(graph, hidden), "projector.2", projector.linear_2)
    table = graph.weight("embedding", model.get_input_embeddings().weight)
    embedded = graph.node("Gather", [table, "ids"])
    rates = model.model.language_model.rotary_emb.inv_freq.float().cpu().numpy()
    axis = graph.constant(np.array([2], dtype=np.int64))
    place = graph.node("Unsqueeze", [graph.node("Cast", ["positions"], to=TensorProto.FLOAT), axis])
    angles = graph.node("Mul", [place, graph.constant(rates)])
    graph.node("Cos", [angles], "cos")
    graph.node("Sin", [angles], "sin")
    return graph.node("Concat", [projected, embedded], axis=1)


def _dense(graph: _Graph, x: str, name: str, layer: nn.Linear) -> str:
    product = graph.node("MatMul", [x, graph.weight(name, layer.weight.T)])
    return product if layer.bias is None else graph.node("Add", [product, graph.weight(f"{name}.bias", layer.bias)])


def _gelu(graph: _Graph, x: str) -> str:
    """Exact GELU, x (1 + erf(x / √2)) / 2."""
    error = graph.node("Erf", [graph.node("Mul", [x, graph.constant(2**-0.5)])])
    raised = graph.node("Add", [error, graph.constant(1.0)])
    return graph.node("Mul", [graph.node("Mul", [x, raised]), graph.constant(0.5)])


def _layer(graph: _Graph, layer: Any, x: str, k: int, sizes: Mapping[str, int], *, last: bool) -> tuple[str, str, str]:
    """Return the hidden states behind a layer, and its keys and values; of the last layer only those at `places`."""
    attention, heads, kv_heads = layer.self_attn, sizes["heads"], sizes["kv_heads"]
    normed = graph.norm(x, layer.input_layernorm)
    key = graph.product(normed, f"k_proj.{k}", attention.k_proj)
    key = graph.node("RotaryEmbedding", [key, "cos", "sin"], num_heads=kv_heads)
    value = graph.product(normed, f"v_proj.{k}", attention.v_proj)
    cos, sin, mask = "cos", "sin", "mask"
    if last:  # nobody asks for the others
        x, normed, cos, sin = (_at_places(graph, one) for one in (x, normed, cos, sin))
        mask = _mask_at_places(graph)
    query = graph.product(normed, f"q_proj.{k}", attention.q_proj)
    query = graph.node("RotaryEmbedding", [query, cos, sin], num_heads=heads)
    mixed, *_ = graph.nodes(
        "Attention", [query, key, value, mask, f"past_k.{k}", f"past_v.{k}"], [f"mixed.{k}", f"k.{k}", f"v.{k}"],
        q_num_heads=heads, kv_num_heads=kv_heads,
    )  # fmt: skip
    x = graph.node("Add", [x, graph.product(mixed, f"o_proj.{k}", attention.o_proj)])
    return graph.node("Add", [x, _mlp(graph, layer, x, k)]), f"k.{k}", f"v.{k}"


def _mlp(graph: _Graph, layer: Any, x: str, k: int) -> str:
    normed = graph.norm(x, layer.post_attention_layernorm)
    gate = graph.product(normed, f"gate_proj.{k}", layer.mlp.gate_proj)
    up = graph.product(normed, f"up_proj.{k}", layer.mlp.up_proj)
    silu = graph.node("Mul", [gate, graph.node("Sigmoid", [gate])])
    return graph.product_by_row(graph.node("Mul", [silu, up]), f"down_proj.{k}", layer.mlp.down_proj)


def _at_places(graph: _Graph, x: str) -> str:
    """Take the rows of `places`: from (B, S, width) to (B, K, width)."""
    index = graph.node("Unsqueeze", ["places", graph.constant(np.array([2], dtype=np.int64))])
    return graph.node("GatherND", [x, index], batch_dims=1)


def _mask_at_places(graph: _Graph) -> str:
    axis = graph.constant(np.array([1], dtype=np.int64))
    return graph.node("Unsqueeze", [_at_places(graph, graph.node("Squeeze", ["mask", axis])), axis])
