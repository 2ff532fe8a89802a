PYTHON ?= python3
BIN := .venv/bin
# What setuptools leaves in build/, and no more: people export into folders of that name.
BUILT := build/lib build/bdist.*
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix apps/web

.PHONY: demo test check app apps cases wheel schema clean

# Export a tracker for a phone, verify every artefact, and follow an object that nobody trained it on through a clip.
demo: .venv/installed
	rm -rf demo
	$(BIN)/vitexport --target iphone15 efficienttam_nano --out demo
	point=$$($(BIN)/python -m exporter.train.sample write demo/clip.mp4) && \
	$(BIN)/vitexport track demo/efficienttam_nano-iphone15 demo/clip.mp4 --point $$point --out demo/out.mp4
	$(BIN)/python -m exporter.train.sample judge demo/out-masks demo/clip-masks

# The web app, built for `vitexport serve app`. Node comes with the Python packages.
app: exporter/serve/app/index.html

exporter/serve/app/index.html: apps/web/node_modules/installed apps/web/index.html apps/web/package.json \
		apps/web/tsconfig.json $(wildcard apps/web/*.ts) \
		$(shell find apps/web/src apps/web/public -type f)
	$(NPM) run --silent build -- --logLevel error

apps/web/node_modules/installed: apps/web/package-lock.json .venv/installed
	$(NPM) ci --silent --ignore-scripts
	touch $@

# A bundle in the apps for phones that can run it, or in the one that APP names; `make demo` makes the default one.
apps: .venv/installed
	$(BIN)/python apps/place_bundle.py "$(or $(BUNDLE),demo/efficienttam_nano-iphone15)" $(if $(APP),--app "$(APP)")

# The table in apps/README.md, from the reports of the apps' own tests.
cases: .venv/installed apps/web/node_modules/installed
	$(BIN)/python -m tests.apps.write_cases

# What is published, with the app: who installs it needs no Node. setuptools would pack what an earlier build/lib still has.
wheel: exporter/serve/app/index.html
	rm -rf $(BUILT)
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

test: .venv/installed exporter/serve/app/index.html
	$(BIN)/python -m pytest

check: .venv/installed apps/web/node_modules/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy apps/*.py
	$(NPM) run --silent check

# The manifest's JSON Schema and the list of lint rules, from the code that has them.
schema: .venv/installed
	$(BIN)/python -c 'from exporter.lint.documentation import page; print(page(), end="")' > docs/lint.md
	$(BIN)/python -c 'from exporter.manifest import json_schema; print(json_schema(), end="")' > docs/manifest.schema.json

clean:
	rm -rf .venv apps/web/node_modules exporter/serve/app demo $(BUILT) dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -e '.[all,dev]'
	touch $@
