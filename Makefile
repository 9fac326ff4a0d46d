.DEFAULT_GOAL := help
.PHONY: help install test slow soak gpu lowest lint format types docs dist benchmark quickstart clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

install: ## Install colorgan, the development tools and the pre-commit hooks
	pip install -e '.[dev]'
	pre-commit install

test: ## Run the fast tests with two workers
	pytest -n 2

slow: ## Run the slow tests
	pytest -m slow

soak: ## Attack everything in large numbers
	pytest -m soak -s tests/soak

gpu: ## Run the tests that need a CUDA device
	pytest -m gpu -n 4 tests

lowest: ## Run the fast tests with the lowest declared version of every dependency
	uv venv --clear --python 3.11 .venv-lowest
	uv pip install --python .venv-lowest --resolution lowest-direct -e '.[test]'
	.venv-lowest/bin/python -m pytest -n 2

lint: ## Check style and the direction of imports
	ruff check .
	ruff format --check .
	lint-imports

format: ## Fix style
	ruff check --fix .
	ruff format .

types: ## Check types
	mypy

docs: ## Build the documentation site in site/
	mkdocs build --strict

dist: ## Build the source archive and the wheel in dist/, and check them
	rm -rf dist
	python -m build
	twine check --strict dist/*

BENCHMARKS = adam bare_step compile_step malloc cold_start frechet
benchmark: ## Run the speed benchmarks that need neither foreign code, nor photos, nor a GPU
	for name in $(BENCHMARKS); do python benchmarks/$$name.py || exit 1; done

quickstart: ## Train on the sample photos
	python train.py fit -c configs/quickstart.yaml

clean: ## Remove caches and build files; keep the runs in checkpoints/
	rm -rf .pytest_cache .mypy_cache .ruff_cache .venv-lowest build dist site *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
