"""Causes that a network can fail of, read off its losses and its settings: one small function a cause."""

from collections.abc import Callable

from seqcast.autopsy.causes import Case, Reason, epochs_said, percent_said, setting, too_short, unlike

USUAL_RATE = 2e-3
LOW_RATE = 1e-4
DIVERGED = 1.5  # scaled units: the mean of a series errs by less than 1
UNMOVED = 0.005
JUMP = 1.1
ROSE = 1.3
PINNED = 0.8
FEW_EPOCHS = 2
FALLING = 0.02


def rate_too_high(case: Case) -> Reason | None:
    """Find a training loss that jumps, rises, or never comes down to that of the mean."""
    losses, errors = [r.train_loss for r in case.records], [r.train_error for r in case.records]
    # Written so that a loss of nan counts as diverged.
    lost = not min(errors) < DIVERGED
    jumps = sum(later > JUMP * before for before, later in zip(losses, losses[1:], strict=False))
    rose = losses[-1] > ROSE * min(losses) and min(losses) > 0
    if not (lost or (jumps > 1 and jumps >= 0.3 * (len(losses) - 1)) or rose):
        return None
    worst = max(range(len(losses) - 1), key=lambda epoch: losses[epoch + 1] - losses[epoch], default=0)
    told = (
        f"its training error never came below {min(errors):.2g} in scaled units, and the mean of a series errs "
        "by less than 1"
        if lost
        else f"the training loss jumps up again, as from {losses[worst]:.3g} to {losses[worst + 1]:.3g}"
    )
    lower = max(min(case.rate / 10, USUAL_RATE), LOW_RATE)
    return Reason(
        f"The learning rate, {case.rate:g}, is too high: {told}.", f"A lower rate: --set training.lr={lower:g}"
    )


def nothing_learnt(case: Case) -> Reason | None:
    """Find a loss that does not move: the rate is next to nothing, or the network is dead."""
    first, low = case.records[0], min(record.train_loss for record in case.records)
    tiny = case.rate < LOW_RATE / 10
    still = len(case.records) > 1 and abs(first.train_loss - low) <= UNMOVED * abs(first.train_loss)
    if not tiny and not still:
        return None
    told = f"the training loss was {first.train_loss:.3g} in the first epoch and {low:.3g} at its lowest"
    if tiny:
        return Reason(
            f"The learning rate, {case.rate:g}, is too low for anything to be learnt: {told}.",
            f"A usual rate: --set training.lr={USUAL_RATE:g}",
        )
    return Reason(
        f"Its output is dead: the rate is a usual one ({case.rate:g}), yet {told}.",
        f"Look for constant or huge inputs with seqcast doctor; take the level out of each window: {setting(case)}"
        "normalise=last",
    )


def saturated(case: Case) -> Reason | None:
    """Find gates that are shut or open whatever is read."""
    if case.pinned < PINNED:
        return None
    return Reason(
        f"{percent_said(case.pinned)} of its gate units are shut or open nearly all the time: they switch "
        "and do not weigh, and no gradient passes through them.",
        f"Smaller inputs and steps: {setting(case)}normalise=last, --set training.scaler=robust, a lower training.lr",
    )


def cut_short(case: Case) -> Reason | None:
    """Find a training that was ended before it was done."""
    if case.ending not in ("out of time", "interrupted"):
        return None
    by = "the budget" if case.ending == "out of time" else "an interruption"
    return Reason(
        f"Its training was cut off by {by} after {epochs_said(len(case.records))}.",
        "A longer --budget, or fewer models in it.",
    )


def few_epochs(case: Case) -> Reason | None:
    """Find so few epochs that nothing can be told from them."""
    if len(case.records) > FEW_EPOCHS or (case.setup and case.setup.epochs > FEW_EPOCHS):
        return None
    return Reason(
        f"It was trained for {epochs_said(len(case.records))} only, too few to learn from.", "--set training.epochs=30"
    )


def level_kept(case: Case) -> Reason | None:
    """Find a wandering series of which the network was shown the level."""
    if case.setup is None or case.setup.normalise != "none" or "level" not in case.worth:
        return None
    return Reason(
        f"The series wanders, and its level is left in each window (normalise = none): where the last value errs "
        f"{percent_said(case.worth['level'])} less than the mean does, it must learn every level by itself.",
        f"{setting(case)}normalise=last",
    )


def short_context(case: Case) -> Reason | None:
    """Find a network that reads less than one season back."""
    season = case.task.season
    if case.setup is None or case.setup.context >= season or "season" not in case.worth:
        return None
    return Reason(
        f"It reads {case.setup.context} steps back and the season is {season}: it never sees where in it it is.",
        f"{setting(case)}context={2 * season}",
    )


def still_falling(case: Case) -> Reason | None:
    """Find last epochs that were still getting better."""
    valid = [record.valid_loss for record in case.records]
    third = valid[-max(len(valid) // 3, 2) :]
    if case.best < len(valid) - 1 or third[0] - third[-1] < FALLING * abs(third[0]):
        return None
    slow = case.rate < USUAL_RATE / 5
    told = f"the validation loss was still falling when training ended, from {third[0]:.3g} to {third[-1]:.3g}"
    if slow:
        return Reason(
            f"The learning rate, {case.rate:g}, is too low: {told} over the last {epochs_said(len(third))}.",
            f"--set training.lr={USUAL_RATE:g}",
        )
    return Reason(f"Too few epochs ({len(valid)}): {told}.", f"--set training.epochs={3 * len(valid)}")


def overfitted(case: Case) -> Reason | None:
    """Find a network that gets better where it is trained and worse beside it."""
    kept, last = case.records[case.best], case.records[-1]
    apart = last.valid_loss > JUMP * kept.valid_loss and last.train_loss < 0.95 * kept.train_loss
    if not apart and not kept.valid_error > 2 * kept.train_error:
        return None
    told = (
        f"the training loss fell from {kept.train_loss:.3g} to {last.train_loss:.3g} and that of validation rose from "
        f"{kept.valid_loss:.3g} to {last.valid_loss:.3g}"
        if apart
        else f"its error is {kept.valid_error:.3g} beside the rows it was trained on and {kept.train_error:.3g} on them"
    )
    return Reason(
        f"It learns its training rows by heart: {told}.",
        f"A smaller network or more dropout: {setting(case)}width=16, {setting(case)}dropout=0.4; or more series.",
    )


NETWORK_CAUSES: tuple[Callable[[Case], Reason | None], ...] = (
    rate_too_high,
    saturated,
    nothing_learnt,
    cut_short,
    few_epochs,
    level_kept,
    short_context,
    still_falling,
    overfitted,
    too_short,
    unlike,
)
"""The surest first."""
