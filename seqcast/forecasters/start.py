"""What a network starts from: its linear shortcut in closed form, and gaps as wide as the errors of that."""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from seqcast.data.window import Windows
from seqcast.forecasters.feeding import evenly, parts, predicted
from seqcast.models.hybrid import Hybrid
from seqcast.models.inputs import levelled
from seqcast.models.recurrent import RecurrentForecaster
from seqcast.models.registry import ModelConfig, build_network
from seqcast.models.segments import SegmentForecaster
from seqcast.nn.heads import FIRST_GAP, HorizonHead, SegmentHead, raw_of_gaps
from seqcast.nn.level import Normalisation
from seqcast.train.shrunk import Moments, Pairs, averaged_maps
from seqcast.types import Dims, Origins

_ENOUGH = 100  # errors of one step and target; of fewer the tails are guesswork and all steps are pooled
_MOST_ERRORS, _LEAST_ERRORS = 4_000_000, 32  # that the first gaps are measured on; windows, however long they are
_JUDGED_PAIRS = 10_000  # contexts with their horizons by which the level is chosen
_LEAST_ERROR = 1e-12  # in scaled units, squared times absolute: below it is no difference
_LEVELS: tuple[Normalisation, ...] = ("last", "mean-std")
_MOST_PAIRS = 80_000  # contexts with their horizons; more change the map by less than the choice of its penalty does


def started(
    name: str, config: ModelConfig, dims: Dims, windows: Windows, split: tuple[Origins, Origins]
) -> tuple[nn.Module, ModelConfig]:
    """Return a new network with its shortcut fitted, and its config with no level left open.

    Where the level is open, it is the one of `last` and `mean-std` with which the shortcut's squared times absolute
    error on the validation windows is least, in the geometric mean over series and targets.

    Parameters
    ----------
    name, config, dims : str, RecurrentConfig or HybridConfig, Dims
        Of the network.
    windows : Windows
        Scaled, as the network will read them.
    split : tuple of Origins
        Training windows to fit, validation windows to choose level and penalty by.
    """
    random = torch.get_rng_state()

    def at(kind: Normalisation) -> nn.Module:
        torch.set_rng_state(random)
        model = build_network(name, replace(config, normalise=kind), dims).to(windows.past.device)
        start_linear(model, windows, split)
        return model.eval()

    if config.normalise is not None:
        return at(config.normalise), config
    judges = evenly(split[1], max(1, _JUDGED_PAIRS // dims.targets))
    kind, model = min(((kind, at(kind)) for kind in _LEVELS), key=lambda pair: _error(pair[1], windows, judges))
    return model, replace(config, normalise=kind)


def _error(model: nn.Module, windows: Windows, judges: Origins) -> float:
    """Return the log of the geometric mean, over series and targets, of squared times absolute error of the median.

    Each series has one vote: of the plain sum of a panel a few wild series would be nearly all.
    """
    sums = np.zeros((3, int(judges.series.max()) + 1, windows.target.shape[1]))
    for part in parts(judges, windows.target.shape[1]):
        batch = windows.batch(part)
        said = predicted(model, windows, part)
        wrong = (said[..., said.shape[-1] // 2] - batch.target).masked_fill(~batch.observed, 0.0)
        for total, each in zip(sums, (wrong.abs(), wrong.square(), batch.observed), strict=True):
            np.add.at(total, part.series, each.sum(dim=1).double().cpu().numpy())
    absolute, squared, count = sums[:, sums[2] > 0]
    if not count.size:  # nothing came of any window: no level is better
        return 0.0
    return float(np.log(absolute * squared / count**2 + _LEAST_ERROR).mean())


def start_linear(model: nn.Module, windows: Windows, split: tuple[Origins, Origins]) -> None:
    """Put the shortcut of a network, where it has one, at the linear map that fits the training windows.

    Parameters
    ----------
    model : Module
        With its first weights.
    windows : Windows
        Scaled, as the network will read them.
    split : tuple of Origins
        Training windows to fit, validation windows to choose the penalty by.
    """
    known = isinstance(model, RecurrentForecaster | SegmentForecaster | Hybrid)
    if not known or model.shortcut is None:
        return
    shortcut = model.shortcut
    most = max(1, _MOST_PAIRS // windows.target.shape[1])
    train, valid = (
        _moments(windows, evenly(part, most), model.normalise, shortcut.season, own=shortcut.own) for part in split
    )
    shortcut.put(averaged_maps(train, valid, shortcut.season))


def start_gaps(model: nn.Module, windows: Windows, train: Origins, places: tuple[float, ...]) -> None:
    """Let the outputs of a network stand apart as far as the errors of its first forecasts do.

    Parameters
    ----------
    model : Module
        With the weights that training starts from.
    windows : Windows
        Scaled, as the network will read them.
    train : Origins
        Training windows, whose errors are measured.
    places : tuple of float
        Quantile levels of the outputs.
    """
    head = getattr(model, "head", None)
    if len(places) < 2 or not isinstance(head, HorizonHead | SegmentHead) or getattr(model, "sigmoid", False):
        return
    count = windows.horizon * windows.target.shape[1]
    some = evenly(train, max(_LEAST_ERRORS, _MOST_ERRORS // count))
    said = predicted(model.eval(), windows, some)
    batches = [windows.batch(part) for part in parts(some, windows.target.shape[1])]
    target, observed = torch.cat([b.target for b in batches]), torch.cat([b.observed for b in batches])
    middle = len(places) // 2
    unit = said[..., middle] - said[..., middle - 1]  # all first gaps are one, in units that only the model knows
    error = torch.where(observed, (target - said[..., middle]) / unit, torch.nan).cpu().numpy()
    apart = np.diff(spread_of(error, places), axis=-1) * FIRST_GAP
    raw = raw_of_gaps(torch.from_numpy(np.insert(apart, middle, 1.0, axis=-1)).to(head.usual))
    raw[..., middle] = 0.0
    with torch.no_grad():
        head.usual.copy_(raw)


def spread_of(error: Float[np.ndarray, "N H K"], places: tuple[float, ...]) -> Float[np.ndarray, "H K Q"]:
    """Return the quantiles of the errors of each step and target, NaN left out; of all steps where they are few."""
    whole = np.moveaxis(np.nanquantile(error, places, axis=(0, 1)), 0, -1)
    unseen = np.isnan(error).all(axis=0)
    steps = np.moveaxis(np.nanquantile(np.where(unseen, 0.0, error), places, axis=0), 0, -1)
    few = (~np.isnan(error)).sum(axis=0) < _ENOUGH
    return np.where(few[..., None], whole[None], steps)


def _moments(windows: Windows, origins: Origins, normalise: Normalisation, season: int, *, own: bool) -> list[Moments]:
    """Return the moments of each target of its own, or those of all in one."""
    targets = windows.target.shape[1]
    groups = [slice(k, k + 1) for k in range(targets)] if own else [slice(targets)]
    found: list[Moments] = []
    for part in parts(origins, targets):
        batch = windows.batch(part)
        past, level = levelled(batch, normalise)
        whole = (past[..., :targets], level.remove(batch.target), batch.observed)
        fresh = [
            Moments.of([Pairs(*(each[..., group].mT.flatten(0, 1) for each in whole))], season) for group in groups
        ]
        found = [old + new for old, new in zip(found, fresh, strict=True)] if found else fresh
    return found
