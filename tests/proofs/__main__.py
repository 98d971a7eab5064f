"""Make every comparison, print the table, write docs/correctness.md: `make proof`."""

import json
import sys

import torch

from tests.proofs.rows import PAGE, PROOFS, page
from tests.proofs.table import Result, markdown


def main() -> int:
    """Return 1 when a row fails, so that a pipeline stops."""
    torch.set_num_threads(1)  # as the tests do: last digits may hang on the number of threads
    results: list[Result] = []
    for proof in PROOFS:
        result = proof.made()
        results.append(result)
        verdict = "ok" if result.passed else "FAILED"
        print(f"{verdict:6} {result.seconds:5.1f} s  {proof.part}", file=sys.stderr, flush=True)
    print(markdown(results))
    PAGE.write_text(page(results), encoding="utf-8")
    failed = sum(not result.passed for result in results)
    print(json.dumps({"rows": len(results), "failed": failed}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
