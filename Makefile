# Each target makes or mends .venv first, so that one command is enough on a machine with Python 3.11 and make.
# Without an NVIDIA card:  make demo TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"

PYTHON ?= $(shell command -v python3.11 || command -v python3)
TORCH ?= torch==2.13.0
# Three on two cores: some tests wait most of their time, for a cluster or for a process that they kill.
WORKERS ?= 3
BIN := .venv/bin
READY := .venv/ready
# Bytecode is written on first use: compiling all of it here would cost 280 MB and half a minute. Where the environment
# forbids it, each command would compile torch anew, ten seconds every time.
export PYTHONDONTWRITEBYTECODE :=
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq install --no-compile

.PHONY: setup demo test quick proof bench-tune check format clean

setup: $(READY)

$(READY): pyproject.toml requirements/constraints.txt
	@echo "Making .venv with $$($(PYTHON) --version) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "seqcast needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv .venv
	@echo "Installing $(TORCH) (the largest part) …"
	@$(PIP) $(TORCH)
	@echo "Installing seqcast and its tools, versions as in requirements/constraints.txt …"
	@$(PIP) -c requirements/constraints.txt -e '.[dev]'
	@touch $(READY)
	@echo "Ready: .venv ($$(du -sh .venv | cut -f1))"

demo: $(READY)
	$(BIN)/seqcast run examples/data/ETTh1.csv.gz --target OT,HUFL,HULL,MUFL,MULL,LUFL,LULL --horizon 24 --windows 5 --out runs/demo

test: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

quick: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow"

# Compares every part with a truth from elsewhere, prints the table and writes docs/correctness.md.
proof: $(READY)
	@$(BIN)/python -m tests.proofs

# Hyperband beside Keras Tuner's, beside random search, and its memory; Keras Tuner is needed for nothing else.
bench-tune: $(READY)
	@$(PIP) -c requirements/constraints.txt keras-tuner==1.4.8
	$(BIN)/python -m bench.tune --all

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyrefly check

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv runs dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
