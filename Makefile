# Short names for what README.md and CONTRIBUTING.md spell out. `make` alone takes the first look.
.PHONY: run test slow lint ci full
py = .venv/bin/python

run: .venv/ready
	.venv/bin/alliance run configs/first_look.toml

test: .venv/ready
	$(py) -m pytest

slow: .venv/ready
	$(py) -m pytest -m "(slow or statistics) and not (browser or cluster or r)" --durations=10 || [ $$? = 5 ] # 5: no such test yet

lint: .venv/ready
	.venv/bin/ruff check . && .venv/bin/ruff format --check .

ci:
	.ci/run

# Everything that is too long for CI. Its tables are committed; each says when and from which commit it was made.
full: .venv/ready
	@mkdir -p docs/full
	@made="Made on $$(date -u +%Y-%m-%d) from commit $$(git describe --always --dirty --abbrev=12 --exclude='*'), $$($(py) -V)."; \
	table() { \
		echo "$$made"; echo "Command: $$*"; echo; \
		"$$@" 2>&1 || { code=$$?; [ $$code = 5 ] || { echo "FAILED with exit code $$code"; touch .venv/full-failed; }; }; \
	}; \
	rm -f .venv/full-failed; \
	table $(py) -m pytest -m "slow or statistics" --durations=0 | tee docs/full/tests.txt; \
	table $(py) -m tests.statistics.accuracy --replications 400 --out docs/accuracy.md | tee docs/full/accuracy.txt; \
	for script in benchmarks/*.py; do \
		[ -e "$$script" ] || continue; \
		table $(py) "$$script" | tee "docs/full/$$(basename "$$script" .py).txt"; \
	done; \
	! [ -e .venv/full-failed ]

.venv/ready: pyproject.toml constraints.txt
	python3 -m venv .venv
	.venv/bin/pip install -q -c constraints.txt -e '.[test]'
	touch $@
