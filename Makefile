# Every command a person needs. Each target installs what it uses first.
.DEFAULT_GOAL := help
.PHONY: help install run demo test chaos check train bench pictures lock clean

help: ## list these commands
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

install: ## make both Python environments and the command .venv/bin/faro
	@scripts/install

run: install ## start everything here; Ctrl-C stops it
	@.venv/bin/faro up

demo: install ## the same with made-up providers: three phones side by side at /try
	@.venv/bin/faro up --demo

TWO = --numprocesses 2 --dist loadfile --no-loadscope-reorder

test: check ## run lint, types and all tests: two at a time, at last those that measure time, alone
	@.venv/bin/faro train >/dev/null 2>&1 & .venv/bin/python -m pytest $(TWO) -m "not engine and not alone"
	@.venv/bin/python -m pytest $(TWO) -m "engine and not alone"
	@.venv/bin/python -m pytest -m alone

chaos: install ## kill every process again and again while 200 people write, and see that nothing is lost
	@.venv/bin/python -m pytest tests/test_chaos.py --chaos -s

check: install ## lint, types, and the content
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .
	@.venv/bin/mypy
	@.venv/bin/faro content check

train: install ## train the model from data/
	@.venv/bin/faro train

bench: install ## measure the message path beside stock Rasa; writes bench/results
	@.venv/bin/python -m bench.message_path

pictures: install ## take the pictures in docs/ anew
	@.venv/bin/python -m pytest tests/pictures.py tests/picture_of_leaflet.py

lock: ## compile requirements/*.txt from *.in
	@scripts/install lock

clean: ## remove the environments, not the data in var/
	rm -rf .venv .venv-engine .tools .mypy_cache .ruff_cache .pytest_cache *.egg-info
