PYTHON ?= python3
BIN := .venv/bin
MODEL := mobilevit_s
TARGET := iphone15

.PHONY: demo test check schema clean

# Export a classifier for a phone, verify every artefact, and classify a photograph with those that run here.
demo: .venv/installed
	rm -rf demo
	$(BIN)/vitexport --target $(TARGET) $(MODEL) --out demo
	cp "$$($(BIN)/python -c 'from exporter.images import sample_photo; print(sample_photo("flower.jpg"))')" demo/photo.jpg
	$(BIN)/vitexport run demo/$(MODEL)-$(TARGET)* demo/photo.jpg

test: .venv/installed
	$(BIN)/python -m pytest

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The manifest's JSON Schema, from the code that writes manifests.
schema: .venv/installed
	$(BIN)/python -c 'from exporter.manifest import json_schema; print(json_schema(), end="")' > docs/manifest.schema.json

clean:
	rm -rf .venv demo build *.egg-info .mypy_cache .pytest_cache .ruff_cache

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -e '.[all,dev]'
	touch $@
