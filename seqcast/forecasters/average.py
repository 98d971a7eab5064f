"""Several forecasts of the same origins as one: their weighted average, or their median.

Each quantile level is combined with the same level of the others (Vincent, 1912; Lichtendahl et al., 2013, for why not
the probabilities): the shape of the members' distributions is kept, and a mixture of two sharp forecasts that disagree
does not come out wide. An average of ordered quantiles is ordered, rounded too, and so is their median.

A member that has no number for a target at an origin is left out there, and the others share its weight: what is wrong
with one series never reaches another.
"""

from collections.abc import Callable, Collection, Mapping

import numpy as np
from jaxtyping import Bool, Float

from seqcast.types import Forecast, Origins

Stack = Float[np.ndarray, "M N H K L"]  # M members; L is the mean and the Q levels
Usable = Bool[np.ndarray, "M N 1 K 1"]
Rule = Callable[[Stack, Usable], Float[np.ndarray, "N H K L"]]


def combined(name: str, forecasts: Mapping[str, Forecast], weights: Mapping[str, float]) -> Forecast:
    """Return the weighted average of forecasts, level by level.

    Parameters
    ----------
    name : str
        Name of the ensemble, for messages.
    forecasts : mapping of str to Forecast
        What each member said, in any order of the same origins; those without a weight are not read.
    weights : mapping of str to float
        Not negative; only their ratios matter.

    Raises
    ------
    ValueError
        When a member with a weight said nothing, or members have other origins or levels.

    Examples
    --------
    >>> origins = Origins(np.array([0]), np.array([9]), np.array([0]))
    >>> low, high = (
    ...     Forecast(origins, (0.5,), np.full((1, 1, 1), y), np.full((1, 1, 1, 1), y)) for y in (0.0, 4.0)
    ... )
    >>> combined("ensemble", {"a": low, "b": high}, {"a": 1.0, "b": 3.0}).median.tolist()
    [[[3.0]]]
    """
    check_weights(forecasts, weights)
    # In one order, whatever the order of the mapping: a sum of floats depends on it.
    members = sorted(member for member, weight in weights.items() if weight > 0)
    share = [float(weights[member]) for member in members]

    def average(stack: Stack, usable: Usable) -> Float[np.ndarray, "N H K L"]:
        # One member after another: how NumPy sums along an axis hangs on the sizes, and a forecast must not.
        whole = sum(weight * there for weight, there in zip(share, usable, strict=True))
        each = [weight * there / np.maximum(whole, min(share)) for weight, there in zip(share, usable, strict=True)]
        return np.asarray(sum(part * said for part, said in zip(each, stack, strict=True)))

    return _together(name, {member: forecasts[member] for member in members}, average)


def median_of(name: str, forecasts: Mapping[str, Forecast]) -> Forecast:
    """Return the median of forecasts, level by level; of an even number, the mean of the two in the middle.

    Raises
    ------
    ValueError
        When there is none, or members have other origins or levels.

    Examples
    --------
    >>> origins = Origins(np.array([0]), np.array([9]), np.array([0]))
    >>> parts = [Forecast(origins, (0.5,), np.full((1, 1, 1), y), np.full((1, 1, 1, 1), y)) for y in (0.0, 4.0, 90.0)]
    >>> median_of("median", dict(zip("abc", parts))).median.tolist()
    [[[4.0]]]
    """

    def middle(stack: Stack, usable: Usable) -> Float[np.ndarray, "N H K L"]:
        ranked = np.sort(np.where(usable, stack, np.inf), axis=0)
        count = np.broadcast_to(usable, stack.shape).sum(axis=0, keepdims=True)
        low, high = (
            np.take_along_axis(ranked, np.maximum(place, 0), axis=0)[0] for place in ((count - 1) // 2, count // 2)
        )
        return (low + high) / 2

    return _together(name, {member: forecasts[member] for member in sorted(forecasts)}, middle)


def aligned(name: str, forecasts: Mapping[str, Forecast]) -> dict[str, Forecast]:
    """Return the forecasts with their origins in the order of the first.

    Raises
    ------
    ValueError
        When there is none, or members have other origins or levels.
    """
    if not forecasts:
        raise ValueError(f"{name} has no member to combine; give it one forecast at least.")
    first = next(iter(forecasts.values()))
    for member, forecast in forecasts.items():
        if forecast.quantiles != first.quantiles or not _same(forecast.origins, first.origins):
            raise ValueError(
                f"{name} combines forecasts of the same origins and levels only; {next(iter(forecasts))} and {member} "
                "differ."
            )
    return {member: forecast.take(places(forecast.origins, first.origins)) for member, forecast in forecasts.items()}


def gaps_in(name: str, forecasts: Mapping[str, Forecast]) -> tuple[str, ...]:
    """Return a sentence for each member that had no number where another one did, and so was left out there."""
    said = aligned(name, forecasts)
    numbers = {member: _finite(forecast) for member, forecast in said.items()}
    wanted = np.any(list(numbers.values()), axis=0)
    missing = {member: int((wanted & ~there).sum()) for member, there in numbers.items()}
    return tuple(
        f"{name}: {member} gave no number for {count} of {wanted.size} forecasts and was left out there."
        for member, count in missing.items()
        if count
    )


def places(have: Origins, want: Origins) -> np.ndarray:
    """Return where each of the origins that are wanted stands among those that are there."""
    return _order(have)[np.argsort(_order(want))]


def check_weights(names: Collection[str], weights: Mapping[str, float]) -> None:
    """Refuse weights that no average can have, or of members that are not there.

    Raises
    ------
    ValueError
        When a weight is negative or none, all are zero, or a member with a weight is not among `names`.
    """
    absent = sorted(member for member, weight in weights.items() if weight and member not in names)
    if absent:
        raise ValueError(f"Every member with a weight must be there; {absent} are not among {sorted(names)}.")
    given = list(weights.values())
    if not all(0 <= weight < np.inf for weight in given) or not sum(given) > 0:
        raise ValueError(f"Weights are numbers of 0 or more, one of them at least above; got {dict(weights)}.")


def _together(name: str, forecasts: Mapping[str, Forecast], rule: Rule) -> Forecast:
    parts = list(aligned(name, forecasts).values())
    usable = np.array([_finite(part) for part in parts])[:, :, None, :, None]
    stack = np.array([np.concatenate([part.mean[..., None], part.values], axis=-1) for part in parts])
    with np.errstate(over="ignore"):
        found = rule(np.where(usable, stack, 0.0), usable)
    # Between the least and the largest member, in spite of rounding: members that agree are met to the last bit.
    lowest = np.where(usable, stack, np.inf).min(axis=0)
    largest = np.where(usable, stack, -np.inf).max(axis=0)
    found = np.where(usable.any(axis=0), np.clip(found, lowest, np.maximum(lowest, largest)), np.nan)
    return Forecast(parts[0].origins, parts[0].quantiles, found[..., 0], found[..., 1:])


def _finite(forecast: Forecast) -> Bool[np.ndarray, "N K"]:
    return np.asarray(np.isfinite(forecast.mean).all(axis=1) & np.isfinite(forecast.values).all(axis=(1, 3)))


def _order(origins: Origins) -> np.ndarray:
    return np.lexsort((origins.rows, origins.series, origins.fold))


def _same(one: Origins, other: Origins) -> bool:
    if len(one) != len(other):
        return False
    left, right = one.take(_order(one)), other.take(_order(other))
    pairs = ((left.series, right.series), (left.rows, right.rows), (left.fold, right.fold))
    return all(np.array_equal(mine, theirs) for mine, theirs in pairs)
