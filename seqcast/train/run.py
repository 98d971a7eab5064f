"""A run as a value: everything needed to go on as if it had never stopped, written as data only."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from seqcast.errors import BundleError
from seqcast.train.progress import EpochRecord, Progress

_FORMAT = "seqcast-run-2"


@dataclass(frozen=True, eq=False)
class Run:
    """Where training stands after an epoch.

    Parameters
    ----------
    progress : Progress
        Epochs done, best epoch and its validation loss.
    records : tuple of EpochRecord
        What each epoch gave.
    weights, best : mapping of str to tensor
        Of the last epoch; of the best.
    optimizer : mapping of str to tensor
        Moments and step counts, named `parameter/entry`.
    random : byte tensor
        State of torch's generator.
    """

    progress: Progress
    records: tuple[EpochRecord, ...]
    weights: Mapping[str, Tensor]
    best: Mapping[str, Tensor]
    optimizer: Mapping[str, Tensor]
    random: Tensor

    @classmethod
    def start(cls, model: nn.Module, optimizer: torch.optim.Optimizer, loss: float) -> Self:
        """Return the run before its first epoch, which has this validation loss."""
        weights = _copy(model.state_dict())
        return cls(Progress.before(loss), (), weights, weights, _moments(optimizer), torch.get_rng_state())

    def after(self, record: EpochRecord, model: nn.Module, optimizer: torch.optim.Optimizer) -> "Run":
        """Return the run after one more epoch."""
        progress = self.progress.after(record.valid_loss)
        weights = _copy(model.state_dict())
        best = weights if progress.improved else self.best
        records = (*self.records, record)
        return Run(progress, records, weights, best, _moments(optimizer), torch.get_rng_state())

    def onto(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> Self:
        """Put model, optimizer and random state where this run left them."""
        model.load_state_dict(dict(self.weights))
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in self.optimizer.items():
            parameter, entry = name.split("/")
            state.setdefault(int(parameter), {})[entry] = value.clone()
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        torch.set_rng_state(self.random)
        return self

    def to_bytes(self, identity: str) -> bytes:
        """Return the run as one safetensors file; `identity` names what it was trained on and with."""
        parts = {"weights": self.weights, "best": self.best, "optimizer": self.optimizer}
        tensors = {
            f"{part}:{name}": value.contiguous().cpu() for part, named in parts.items() for name, value in named.items()
        }
        tensors = {name: value.clone() for name, value in tensors.items()}  # safetensors refuses shared memory
        facts = {"progress": asdict(self.progress), "records": [asdict(record) for record in self.records]}
        meta = {"format": _FORMAT, "identity": identity, "facts": json.dumps(facts)}
        return save({**tensors, "random": self.random}, metadata=meta)

    @classmethod
    def from_bytes(cls, data: bytes, identity: str) -> "Run":
        """Read a run back.

        Raises
        ------
        BundleError
            When the bytes are no run, or one of other data or settings.
        """
        meta = _metadata(data)
        if meta.get("format") != _FORMAT or meta.get("identity") != identity:
            raise BundleError(
                "A training checkpoint goes on only with the data, settings and versions it was begun with; this one "
                "has others. Start anew in another folder, or without --resume."
            )
        parts: dict[str, dict[str, Tensor]] = {"weights": {}, "best": {}, "optimizer": {}}
        tensors = load(data)
        random = tensors.pop("random")
        for name, value in tensors.items():
            part, _, key = name.partition(":")
            parts[part][key] = value
        facts = json.loads(meta["facts"])
        records = tuple(EpochRecord(**record) for record in facts["records"])
        return cls(Progress(**facts["progress"]), records, parts["weights"], parts["best"], parts["optimizer"], random)


def _copy(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in state.items()}


def _moments(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimizer.state_dict()["state"]
    return {
        f"{parameter}/{entry}": value.clone() for parameter, named in state.items() for entry, value in named.items()
    }


def _metadata(data: bytes) -> dict[str, str]:
    try:
        length = int.from_bytes(data[:8], "little")
        return json.loads(data[8 : 8 + length]).get("__metadata__", {})
    except (ValueError, AttributeError) as error:
        raise BundleError("A training checkpoint is cut short or is none; delete it to train anew.") from error
