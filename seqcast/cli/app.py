"""The command line: each command is one call of the API.

Exit code 0: done. 2: the input or the usage cannot work, in one line on stderr. 3: `doctor` or `audit` has findings.
1: a fault of ours.
"""

import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from seqcast import __version__
from seqcast.cli.options import RUN_SECTIONS, TABLE_SECTIONS, with_classify_settings, with_settings
from seqcast.config import Settings
from seqcast.errors import SeqcastError
from seqcast.options import PLACE
from seqcast.runs.classify_settings import ClassifySettings

_BEGAN = time.monotonic()  # a budget pays for the seconds that torch takes to load

app = typer.Typer(
    name="seqcast",
    help="From a table of time series to a forecast that can be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Source = Annotated[
    str | None, typer.Argument(metavar="FILE", help="CSV, Parquet or Arrow file; database URI with --query")
]
Json = Annotated[bool, typer.Option("--json", help="one JSON object on stdout, nothing else there")]
Quiet = Annotated[bool, typer.Option("--quiet", help="no sentences on stderr")]


@app.command()
@with_settings
def run(
    settings: Settings,
    source: Source = None,
    out: Annotated[str | None, typer.Option(metavar="DIR", help="run folder; without it runs/NAME")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on with a run that was stopped")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare models on past cutoffs, forecast with the best, and write a folder with the report."""
    from seqcast.cli.terminal import Terminal, print_answers, print_board, print_json
    from seqcast.runs.job import run as work

    with Terminal(quiet) as talk:
        result = work(settings, out or _default_folder(settings), resume=resume, talk=talk, began=_BEGAN)
    if json:
        print_json(result.to_mapping())
    else:
        print_board(result.scores)
        print_answers(result)


@app.command()
@partial(with_settings, without=PLACE)
def fit(
    settings: Settings,
    out: Annotated[str, typer.Option(metavar="DIR", help="folder for the model")],
    source: Source = None,
    model: Annotated[str, typer.Option(metavar="NAME", help="the model to train")] = "hybrid",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train one model on the whole history and save it."""
    from seqcast.cli.commands import fit as work
    from seqcast.cli.terminal import Terminal, print_json

    with Terminal(quiet) as talk:
        facts = work(settings, model, Path(out), talk)
    if json:
        print_json(facts)
    else:
        sys.stdout.write(f"{facts['model']} saved in {out}\n")


@app.command()
def predict(
    model: Annotated[str, typer.Argument(metavar="DIR", help="folder of a saved model")],
    source: Annotated[
        str | None, typer.Argument(metavar="FILE", help="newer table; without it the one of the model")
    ] = None,
    out: Annotated[str | None, typer.Option(metavar="FILE", help="CSV file; without it stdout")] = None,
    json: Json = False,
) -> None:
    """Forecast with a saved model, or tell the classes of samples with a saved classifier."""
    from seqcast.cli.commands import predict as work
    from seqcast.cli.terminal import print_json

    text, facts = work(Path(model), source, Path(out) if out else None)
    if json:
        print_json(facts)
    elif out is None:
        sys.stdout.write(text)


@app.command()
@with_settings
def backtest(
    settings: Settings,
    source: Source = None,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="Parquet file for every forecast and actual value")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score models on past cutoffs, and write nothing but what --out names."""
    from seqcast.cli.commands import backtest as work
    from seqcast.cli.terminal import Terminal, print_board, print_json

    with Terminal(quiet) as talk:
        scores, facts = work(settings, Path(out) if out else None, talk)
    if json:
        print_json(facts)
    else:
        print_board(scores)


@app.command()
@partial(with_settings, without=PLACE)
def audit(
    settings: Settings,
    source: Source = None,
    whole: Annotated[bool, typer.Option("--whole", help="the whole history and the full training; slow")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Replace everything after a cutoff and see whether any forecast moves; exit code 3 for a leak."""
    from seqcast.cli.audit import print_audit
    from seqcast.cli.commands import audit as work
    from seqcast.cli.terminal import Terminal, print_json

    with Terminal(quiet) as talk:
        found, suspects = work(settings, whole, talk)
    if json:
        print_json({**found.to_mapping(), "suspects": [asdict(suspect) for suspect in suspects]})
    else:
        print_audit(found, suspects)
    if not found.passed:
        raise typer.Exit(3)


@app.command()
@partial(with_settings, sections=TABLE_SECTIONS)
def doctor(
    settings: Settings,
    source: Source = None,
    season: Annotated[int | None, typer.Option(help="steps of the main cycle; without it by the frequency")] = None,
    horizon: Annotated[int | None, typer.Option(help="steps to forecast: is the history long enough?", min=1)] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Look at a table as it lies and say what to do; exit code 0 clean, 3 findings, 2 unusable."""
    from seqcast.cli.commands import doctor as work
    from seqcast.cli.diagnosis import print_diagnosis
    from seqcast.cli.terminal import Terminal, print_json

    with Terminal(quiet) as talk:
        diagnosis = work(settings, season, horizon, talk)
    if json:
        print_json(diagnosis.to_mapping())
    else:
        print_diagnosis(diagnosis)
    if diagnosis.exit_code:
        raise typer.Exit(diagnosis.exit_code)


@app.command()
@partial(
    with_settings,
    sections=(*RUN_SECTIONS, "search"),
    without=("refit", "intervals", "spread", "ensembles", "audit"),
)
def tune(
    settings: Settings,
    source: Source = None,
    out: Annotated[
        str | None, typer.Option(metavar="DIR", help="folder of the search; without it runs/NAME-tune")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget a search that the folder holds")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Seek better settings than the defaults; the same command again goes on with a search that was stopped."""
    from seqcast.cli.terminal import Terminal, print_board, print_json, print_search
    from seqcast.runs.tuning import tune as work

    with Terminal(quiet) as talk:
        result = work(settings, out or f"{_default_folder(settings)}-tune", fresh=fresh, talk=talk, began=_BEGAN)
    if json:
        print_json(result.to_mapping())
    else:
        print_board(result.scores)
        print_search(result)


@app.command()
@with_classify_settings
def classify(
    settings: ClassifySettings,
    source: Annotated[str | None, typer.Argument(metavar="FILE", help="table of texts or series with classes")] = None,
    out: Annotated[str | None, typer.Option(metavar="DIR", help="run folder; without it runs/NAME-classes")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Learn to tell the class of texts or series, and score it beside yardsticks on samples that were held back."""
    from seqcast.cli.terminal import Terminal, print_classes, print_json
    from seqcast.runs.classified import classify as work

    with Terminal(quiet) as talk:
        result = work(settings, out or f"{_default_folder(settings)}-classes", talk=talk, began=_BEGAN)
    if json:
        print_json(result.to_mapping())
    else:
        print_classes(result)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="print the version and stop")] = False,
) -> None:
    if version:
        sys.stdout.write(f"seqcast {__version__}\n")
        raise typer.Exit


def main() -> None:
    """Run the command line and turn every deliberate error into one line and exit code 2."""
    try:
        app()
    except SeqcastError as error:
        sys.stderr.write(f"seqcast: {error}\n")
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        sys.stderr.write("seqcast: interrupted; `--resume` goes on with a run.\n")
        raise SystemExit(130) from None


def _default_folder(settings: Settings | ClassifySettings) -> Path:
    name = Path(settings.source or "table").name.split(".")[0]
    return Path("runs") / (name or "table")
