"""The hybrid `average-pool` beside the same layers built with Keras, weights copied from there to here."""

from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seqcast.models.presets import HybridConfig
from seqcast.models.windows import WindowClassifier, WindowRegressor
from seqcast.nn.attention import AttentionBlock
from seqcast.types import Dims
from tests.proofs.oracle import keras as keras_or_skip

STEPS, FEATURES, WIDTH, HEADS = 10, 5, 64, 4


def keras_error(outputs: int, classes: bool = False) -> float:
    """Return the worst distance of our answers from those of Keras."""
    keras = keras_or_skip()
    keras.utils.set_random_seed(outputs)
    theirs = _in_keras(keras, outputs, "softmax" if classes else None)
    for variable in theirs.weights:  # biases and norms too leave their first values 0 and 1
        variable.assign(variable + 0.1 * keras.random.normal(variable.shape))
    ours = _in_torch(outputs, classes)
    _copy(theirs, ours)
    windows = np.random.default_rng(0).normal(size=(7, STEPS, FEATURES)).astype(np.float32)
    with torch.no_grad():
        expected = theirs(torch.from_numpy(windows), training=False)
        summary = ours.body(torch.from_numpy(windows))
        nothing = torch.zeros(7, 1, 0), torch.zeros(7, 0)
        got = ours.head(summary).softmax(-1) if classes else ours.head(summary, *nothing)[:, 0, :, 0]
    return float((got - expected.cpu()).abs().max())


def _in_keras(keras: ModuleType, outputs: int, activation: str | None) -> Any:
    layers = keras.layers
    inputs = keras.Input((STEPS, FEATURES))
    x = layers.LSTM(WIDTH, return_sequences=True)(inputs)
    x = layers.Dropout(0.2)(x)
    for _ in range(2):
        found = layers.MultiHeadAttention(num_heads=HEADS, key_dim=WIDTH)(x, x)
        x = layers.LayerNormalization()(x + found)
        x = layers.Dropout(0.2)(x)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dense(64, activation="relu")(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(inputs, layers.Dense(outputs, activation=activation)(x))


def _in_torch(outputs: int, classes: bool) -> WindowRegressor | WindowClassifier:
    config = HybridConfig(preset="average-pool", width=WIDTH, heads=HEADS)
    counts = {"targets": 1, "quantiles": outputs} if classes else {"targets": outputs, "quantiles": 1}
    dims = Dims(context=STEPS, horizon=1, past=FEATURES, future=0, static=0, **counts)
    return (WindowClassifier if classes else WindowRegressor)("hybrid", config, dims).eval()


@torch.no_grad()
def _copy(theirs: Any, ours: nn.Module) -> None:
    """Copy weights by the kind of layer, in the order in which both models use them."""
    weights = {kind: [layer for layer in theirs.layers if type(layer).__name__ == kind] for kind in _KINDS}
    kernel, recurrent, bias = (_tensor(variable) for variable in weights["LSTM"][0].weights)
    stack = ours.body.lstm.stack
    stack.weight_ih_l0.copy_(kernel.T)  # both order the gates input, forget, candidate, output
    stack.weight_hh_l0.copy_(recurrent.T)
    stack.bias_ih_l0.copy_(bias)
    stack.bias_hh_l0.zero_()
    for block, attention, norm in zip(
        ours.body.attend, weights["MultiHeadAttention"], weights["LayerNormalization"], strict=True
    ):
        _copy_block(block, attention, norm)
    linears = [layer for layer in ours.head.layers if isinstance(layer, nn.Linear)]
    for linear, dense in zip(linears, weights["Dense"], strict=True):
        linear.weight.copy_(_tensor(dense.weights[0]).T)
        linear.bias.copy_(_tensor(dense.weights[1]))


def _copy_block(block: AttentionBlock, attention: Any, norm: Any) -> None:
    parts = (block.attention.query, block.attention.key, block.attention.value)
    tensors = [_tensor(variable) for variable in attention.weights]
    for part, kernel, bias in zip(parts, tensors[0:6:2], tensors[1:6:2], strict=True):
        part.weight.copy_(kernel.flatten(1).T)
        part.bias.copy_(bias.flatten())
    block.attention.out.weight.copy_(tensors[6].flatten(0, 1).T)
    block.attention.out.bias.copy_(tensors[7])
    block.norm.weight.copy_(_tensor(norm.weights[0]))
    block.norm.bias.copy_(_tensor(norm.weights[1]))


def _tensor(variable: Any) -> Tensor:
    return variable.value.detach().cpu()


_KINDS = ("LSTM", "MultiHeadAttention", "LayerNormalization", "Dense")
