"""The learning rate as a pure function of how far training has come, so that a resume has nothing to restore.

One cycle: Smith & Topin (2019), the rate alone. Cosine: Loshchilov & Hutter (2017), without restarts. Halving after
each tenth: how Informer and the models compared with it are trained (Zhou et al., 2021), over ten epochs.
"""

import math

from seqcast.errors import ConfigError, nearest

_WARM = 0.2  # share of a cycle that climbs
_HALVES = 10  # equal parts of training, each at half the rate of the one before


def rate_at(done: float, peak: float, schedule: str) -> float:
    """Return the learning rate after the share `done` (0 to 1) of training.

    Raises
    ------
    ConfigError
        For an unknown schedule.

    Examples
    --------
    >>> [round(rate_at(done, 1.0, "one-cycle"), 2) for done in (0.0, 0.2, 1.0)]
    [0.04, 1.0, 0.01]
    >>> [rate_at(done, 1.0, "halving") for done in (0.0, 0.099, 0.1, 0.95, 1.0)]
    [1.0, 1.0, 0.5, 0.001953125, 0.001953125]
    """
    if schedule not in _SHAPES:
        raise ConfigError(f"No schedule is named {schedule!r}. {nearest(schedule, _SHAPES)}")
    return peak * _SHAPES[schedule](min(max(done, 0.0), 1.0))


def _one_cycle(done: float) -> float:
    if done < _WARM:
        return _between(0.04, 1.0, done / _WARM)
    return _between(1.0, 0.01, (done - _WARM) / (1 - _WARM))


def _cosine(done: float) -> float:
    return _between(1.0, 0.0, done)


def _constant(done: float) -> float:
    return 1.0


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _halving(done: float) -> float:
    return 0.5 ** min(int(done * _HALVES), _HALVES - 1)


_SHAPES = {"one-cycle": _one_cycle, "cosine": _cosine, "constant": _constant, "halving": _halving}
