PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check schema clean

# Export a tracker for a phone, verify every artefact, and follow an object that nobody trained it on through a clip.
demo: .venv/installed
	rm -rf demo
	$(BIN)/vitexport --target iphone15 efficienttam_nano --out demo
	point=$$($(BIN)/python -m exporter.train.sample write demo/clip.mp4) && \
	$(BIN)/vitexport track demo/efficienttam_nano-iphone15 demo/clip.mp4 --point $$point --out demo/out.mp4
	$(BIN)/python -m exporter.train.sample judge demo/out-masks demo/clip-masks

test: .venv/installed
	$(BIN)/python -m pytest

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The manifest's JSON Schema and the list of lint rules, from the code that has them.
schema: .venv/installed
	$(BIN)/python -c 'from exporter.lint.documentation import page; print(page(), end="")' > docs/lint.md
	$(BIN)/python -c 'from exporter.manifest import json_schema; print(json_schema(), end="")' > docs/manifest.schema.json

clean:
	rm -rf .venv demo build *.egg-info .mypy_cache .pytest_cache .ruff_cache

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -e '.[all,dev]'
	touch $@
