"""A run with all that its four answers rest on: an audit, a verdict, intervals, a choice and failed forecasts."""

from dataclasses import replace

from seqcast.autopsy.autopsy import autopsies
from seqcast.data.panel import Panel
from seqcast.evaluate.backtest import Backtest
from seqcast.evaluate.choice import Choice
from seqcast.evaluate.coverage import coverage_of, pit_of
from seqcast.evaluate.verdict import Verdict, judge
from seqcast.leaks.outcome import REPEAT, Audit, HeldOut, Outcome
from seqcast.models.names import NETWORK_NAMES
from seqcast.report.measure import first_cutoff
from seqcast.report.run import Run
from seqcast.types import Forecast, Task
from tests.report.sample import sample_run

LEVELS = (0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975)


def believed_run(panel: Panel, task: Task, **options) -> Run:
    """Return a sample run with every part that the four answers rest on."""
    run = sample_run(panel, task, **options)
    narrow = {name: narrowed(test) for name, test in run.backtests.items()}
    inner = [replace(score, mase=0.97 * score.mase - 0.01 * place) for place, score in enumerate(run.scores)]
    chosen = run.scores[1].model
    inner.sort(key=lambda score: (score.model != chosen, score.mase))
    pairs = {
        name: Backtest(test, 1.0, records=tuple(run.training.get(name, ()))) for name, test in run.backtests.items()
    }
    return replace(
        run,
        audit=audit_of(list(run.backtests)),
        verdict=verdict_of(run),
        choice=Choice(
            model=chosen, windows=3, inner=tuple(inner), outer=tuple(run.scores), weights={chosen: 0.75, "naive": 0.25}
        ),
        coverage=coverage_of(panel, task, run.backtests),
        raw_coverage=coverage_of(panel, task, narrow),
        pit=pit_of(panel, task, run.backtests),
        autopsies=autopsies(panel, task, pairs, run.scores),
    )


def narrowed(test: Forecast) -> Forecast:
    """Return the forecast with its quantiles at half their distance from the median."""
    return replace(test, values=(test.values + test.median[..., None]) / 2)


def audit_of(models: list[str], leaking: str = "", unsteady: str = "") -> Audit:
    """Return an audit; the model named `leaking` has seen the future, `unsteady` is not deterministic."""
    kinds = ("noise", "missing", "constant")
    outcomes = []
    for model in models:
        moved = 40 if model == leaking else 0
        where = "A · y, step 3" if moved else ""
        outcomes += [
            Outcome(model=model, corruption=kind, moved=moved, numbers=240, worst=0.31 if moved else 0.0, where=where)
            for kind in kinds
        ]
        if model == unsteady:
            outcomes.append(Outcome(model=model, corruption=REPEAT, moved=9, numbers=240, worst=0.01, where="A · y"))
    held = HeldOut(targets=24, past=48, known=0)
    return Audit(cutoff="2018-06-20 19:00", held_out=held, outcomes=tuple(outcomes), seconds=2.4)


def verdict_of(run: Run) -> Verdict:
    """Return the verdict on the backtests of a run."""
    pairs = {score.model: (run.backtests[score.model], score.seconds) for score in run.scores}
    networks = [name for name in pairs if name in NETWORK_NAMES]
    return judge(run.panel, run.task, pairs, first_cutoff(run.panel, run.backtests), networks)
