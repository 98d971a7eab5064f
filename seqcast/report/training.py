"""A page of training curves alone, for a network that has no backtest to be reported with."""

from collections.abc import Mapping, Sequence
from html import escape

from seqcast.report.charts import curve_figure
from seqcast.report.facts import curves_of
from seqcast.report.numbers import duration
from seqcast.report.sheet import sheet
from seqcast.train.progress import EpochRecord

_KEYS = {"train": "training part", "valid": "validation part", "best": "best epoch"}
_SAMPLE = '<svg class="key" aria-hidden="true" viewBox="0 0 28 12"><path class="{kind}" d="M1,6H27"/></svg>'


def training_page(runs: Mapping[str, Sequence[EpochRecord]]) -> str:
    """Return one offline HTML page: loss and error of each network by epoch, training beside validation.

    Parameters
    ----------
    runs : mapping of str to sequence of EpochRecord
        What to call each network, and what its epochs gave.

    Examples
    --------
    >>> page = training_page({})
    >>> page.count("<h1>"), "://" in page
    (1, False)
    """
    keys = "".join(f"<li>{_SAMPLE.format(kind=kind)}{text}</li>" for kind, text in _KEYS.items())
    sections = "".join(_section(name, records, index) for index, (name, records) in enumerate(runs.items()))
    body = (
        "<header><h1>Training</h1><p>Loss and mean absolute error by epoch, in scaled units. "
        "The weights of the marked epoch were kept.</p></header>"
        f'<ul class="keys">{keys}</ul>{sections}'
    )
    return sheet("Training", body)


def _section(name: str, records: Sequence[EpochRecord], index: int) -> str:
    curves = curves_of(name, records)
    said = f"epoch {curves.best} of {len(curves.epoch)} kept, {duration(curves.seconds)}"
    figures = "".join(
        f"<figure><figcaption>{label}</figcaption>{curve_figure(curves, index, what)}</figure>"
        for label, what in (("Loss", "loss"), ("MAE", "mae"))
    )
    return (
        f'<section><h3>{escape(name)} <span class="said">{said}</span></h3><div class="figures two">{figures}</div>'
        "</section>\n"
    )
