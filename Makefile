PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check schema clean

# Export a tracker for a phone, verify every artefact, and follow an object through a clip with those that run here.
demo: .venv/installed
	rm -rf demo
	$(BIN)/vitexport --target iphone15 efficienttam_s --out demo
	point=$$($(BIN)/python -m exporter.media.sample_clip demo/clip.mp4) && \
	$(BIN)/vitexport track demo/efficienttam_s-iphone15* demo/clip.mp4 --point $$point --out demo/out.mp4

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
