"""An LSTM in NumPy alone: forward, backward by the chain rule, and trained; no framework anywhere.

    .venv/bin/python examples/numpy_lstm.py [FOLDER] [--quick]

Windows of 15 steps and 10 channels are read by two layers of 20 units; asked is a sum in which later steps count more,
plus noise. So it is known how well any reader can do: one that is blind to order, and the best there is. It is trained
by whole and by truncated backpropagation through time, in about a minute on one core. The two regressors go to FOLDER
(runs/numpy_lstm). Where PyTorch is installed, it is asked for the first gradients too.
"""

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from seqcast.reference import Stack, Training, load, loss_and_gradients, predict, save, start_regressor, train
from seqcast.reference.regressor import mse

STEPS, CHANNELS = 15, 10
FORGOTTEN = 0.85  # what is left, one step later, of how much a step counts
NOISE = 0.2  # standard deviation of what no reader can know
SHARES = FORGOTTEN ** np.arange(STEPS)[::-1]
SHARES = SHARES / np.sqrt((SHARES**2).sum())  # the signal has the variance 1
STACK = Stack(cell="lstm", inputs=CHANNELS, width=20, layers=2)
TRAINING = Training(epochs=100, batch=64)
PIECE = 5


def sums(count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return windows, and of each the sum over steps, later ones more, of the mean channel, with noise."""
    windows = random.normal(size=(count, STEPS, CHANNELS))
    signal = windows.sum(axis=2) / np.sqrt(CHANNELS) @ SHARES
    return windows, (signal + random.normal(scale=NOISE, size=count))[:, None]


def learn(name: str, truncation: int | None, epochs: int, count: int, folder: Path) -> float:
    """Train from the same start on the same windows, save, and return the loss on windows never seen."""
    random = np.random.default_rng(0)
    (windows, asked), (unseen, answers) = sums(count, random), sums(1000, random)
    training = replace(TRAINING, epochs=epochs, truncation=truncation)
    weights = start_regressor(STACK)
    print(f"\n{name}")
    for epoch in train(STACK, weights, windows, asked, training):
        weights = epoch.weights
        if epoch.number % 10 == 0:
            print(f"  epoch {epoch.number:3}: loss {epoch.loss:.4f}", flush=True)
    save(folder / name.split()[0], STACK, weights)
    return mse(predict(*load(folder / name.split()[0]), unseen), answers)


def beside_torch(truncation: int | None) -> float:
    """Return how far the first gradients are from PyTorch's, by the largest number of each weight."""
    import torch  # only to compare with

    windows, asked = sums(TRAINING.batch, np.random.default_rng(0))
    weights = start_regressor(STACK)
    _, ours = loss_and_gradients(STACK, weights, windows, asked, truncation)
    lstm = torch.nn.LSTM(CHANNELS, STACK.width, STACK.layers, batch_first=True, dtype=torch.float64)
    head = torch.nn.Linear(STACK.width, 1, dtype=torch.float64)
    given = {name: torch.from_numpy(weight) for name, weight in weights.items()}
    lstm.load_state_dict({name: weight for name, weight in given.items() if not name.startswith("head.")})
    head.load_state_dict({name: given[f"head.{name}"] for name in ("weight", "bias")})

    state, hidden = None, torch.empty(0)
    for piece in torch.from_numpy(windows).split(truncation or STEPS, dim=1):
        hidden, (h, c) = lstm(piece, state)
        state = h.detach(), c.detach()
    torch.nn.functional.mse_loss(head(hidden[:, -1]), torch.from_numpy(asked)).backward()
    worst = 0.0
    for name, parameter in [*lstm.named_parameters(), *((f"head.{n}", p) for n, p in head.named_parameters())]:
        assert parameter.grad is not None
        truth = parameter.grad.numpy()
        worst = max(worst, float(np.abs(ours[name] - truth).max() / np.abs(truth).max()))
    return worst


def main(folder: Path, epochs: int, count: int) -> None:
    """Learn in both ways, and say how well beside what can be known."""
    ways = {"whole backpropagation through time": None, f"truncated to pieces of {PIECE} steps": PIECE}
    found = {name: learn(name, truncation, epochs, count, folder) for name, truncation in ways.items()}
    blind = NOISE**2 + ((SHARES - SHARES.mean()) ** 2).sum()
    rows = {"variance of the target": 1 + NOISE**2, "best without the order of steps": blind, **found}
    print("\nmean squared error on windows never seen")
    for name, loss in {**rows, "noise floor": NOISE**2}.items():
        print(f"  {name:40}{loss:.4f}")
    if find_spec("torch") is None:
        print("\nPyTorch is not installed, and was not needed.")
        return
    print("\nfirst gradients beside PyTorch's, worst relative difference")
    for name, truncation in ways.items():
        print(f"  {name:40}{beside_torch(truncation):.0e}")


if __name__ == "__main__":
    chosen = [argument for argument in sys.argv[1:] if argument != "--quick"]
    out = Path(chosen[0] if chosen else "runs/numpy_lstm")
    out.mkdir(parents=True, exist_ok=True)
    quick = "--quick" in sys.argv
    main(out, epochs=20 if quick else TRAINING.epochs, count=1000 if quick else 4000)
