.DEFAULT_GOAL := help
.PHONY: help install test slow gpu lint format types quickstart clean

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

install: ## Install colorgan with everything that development needs
	pip install -e '.[dev]'
	pre-commit install

test: ## Run the fast tests on two workers
	pytest -n 2

slow: ## Run the tests that take minutes
	pytest -m slow

gpu: ## Run the tests that need a CUDA device
	pytest -m gpu

lint: ## Check style
	ruff check .
	ruff format --check .

format: ## Mend style
	ruff check --fix .
	ruff format .

types: ## Check types
	mypy

quickstart: ## Train the embedded default
	python train.py fit -c configs/quickstart.yaml

clean: ## Remove caches (runs in checkpoints/ stay)
	rm -rf .pytest_cache .mypy_cache .ruff_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
