"""Everything that a classification depends on beside the table; `classify.toml` holds it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import tomli_w

from seqcast.config import built, data_only
from seqcast.data.options import SampleOptions, TableOptions
from seqcast.errors import ConfigError, nearest
from seqcast.options import ClassifyOptions

if TYPE_CHECKING:
    from seqcast.classifier import Classifier


@dataclass(frozen=True, kw_only=True)
class ClassifySettings:
    """What is read, and how it is learnt.

    Parameters
    ----------
    source : str
        Table of the samples that train.
    columns : SampleOptions
        Which columns hold what.
    table : TableOptions
        How tables are read.
    run : ClassifyOptions
        What is to be done.
    network, text, training : mapping
        Settings of `ReadingConfig`, `TextOptions` and `FitConfig`.

    Examples
    --------
    >>> ClassifySettings.from_mapping({"source": "reviews.csv", "text": {"length": 200}}).classifier().text
    {'length': 200}
    """

    source: str
    columns: SampleOptions = field(default_factory=SampleOptions)
    table: TableOptions = field(default_factory=TableOptions)
    run: ClassifyOptions = field(default_factory=ClassifyOptions)
    network: Mapping[str, Any] = field(default_factory=dict)
    text: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "ClassifySettings":
        """Build settings from nested values.

        Raises
        ------
        ConfigError
            For an unknown section or key (names the nearest), a value of a wrong type, or without a source.
        """
        known = [part.name for part in fields(cls)]
        for name in mapping:
            if name not in known:
                raise ConfigError(f"No section is named {name!r}. {nearest(name, known)}")
        if not mapping.get("source"):
            raise ConfigError(
                "A table is needed; none was named. For example: seqcast classify reviews.csv --text review"
            )
        return cls(
            source=str(mapping["source"]),
            columns=built(SampleOptions, mapping.get("columns", {}), "columns"),
            table=built(TableOptions, mapping.get("table", {}), "table"),
            run=built(ClassifyOptions, mapping.get("run", {}), "run"),
            **{name: dict(mapping.get(name, {})) for name in ("network", "text", "training")},
        )

    def to_mapping(self) -> dict[str, Any]:
        """Return the settings as plain nested values, without what is unset."""
        return data_only(asdict(self))

    def to_toml(self) -> str:
        """Return the settings as TOML that `from_mapping` reads back."""
        return tomli_w.dumps(self.to_mapping())

    def classifier(self) -> "Classifier":
        """Return the classifier that these settings describe, which has learnt nothing yet."""
        from seqcast.classifier import Classifier  # here: Polars, which `--help` need not wait for

        run = self.run
        return Classifier(
            model=run.model,
            settings=dict(self.network),
            text=dict(self.text),
            training=dict(self.training),
            valid=run.valid,
            order=run.order,
            refit=run.refit,
            seed=run.seed,
        )
