# Two commands are all the set-up: `make run` and `make test`. Both install what is missing and are safe to repeat.

.DEFAULT_GOAL := help
.PHONY: help run test cli bench demo types fmt build corpus fuzz truth gallery

CORPUS ?= $(or $(DWELL_CORPUS),../shared/corpus)
export PATH := $(CURDIR)/target/tools/bin:$(PATH)
# The features of a dependency hang on what is built with it: every dev build names the same set, so that tests and the
# window that they start share one build.
EVERYTHING := --workspace --bins --tests
PAGES := $(shell find ui -path ui/node_modules -prune -o -path ui/dist -prune -o -path ui/screenshots -prune -o -type f -print 2>/dev/null)

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1	\2/' | expand -t 12

run: ## open the window on the demo project
	@scripts/setup.sh window
	@$(MAKE) --no-print-directory ui/dist/index.html
	cargo build --release -p dwell-window
	@scripts/display.sh target/release/dwell-window --demo

test: ## run every test there is
	@scripts/setup.sh window test
	cargo fmt --all --check
	@$(MAKE) --no-print-directory ui/dist/index.html
	cargo clippy --workspace --all-targets -- -D warnings
	cd ui && npm run --silent check && npm test --silent
	@$(MAKE) --no-print-directory build corpus
	cargo nextest run --workspace

# How close the rebuilt pages come to the recorded ones, when the recordings are there.
corpus:
	@if [ -d "$(CORPUS)/visits" ]; then \
		$(MAKE) --no-print-directory cli && DWELL=target/release/dwell node "$(CORPUS)/tools/fidelity.mjs" "$(CORPUS)/visits"; \
	else echo "No corpus at $(CORPUS): fidelity is not measured."; fi

# FILES: a mirror of the recorded sites (folders HOST/PATH), when there is one.
truth: build ## compare the frame with the live pages of the corpus, moment by moment (FILES=mirror)
	@scripts/truth.sh "$(CORPUS)" $(if $(FILES),--files "$(FILES)")

gallery: build ## the frame beside the live pages, as a page to leaf through: target/gallery/index.html (FILES=mirror)
	@scripts/truth.sh "$(CORPUS)" $(if $(FILES),--files "$(FILES)") --gallery target/gallery

cli: ## target/release/dwell, the command alone, without GTK
	cargo build --release -p dwell-cli

bench: ## how fast recordings are decoded, sought in and imported (SESSIONS=50000), beside what others take
	@scripts/bench.sh "$(CORPUS)"

SECONDS ?= 600
fuzz: ## feed hostile bytes to everything that reads recordings, SECONDS=600 for each target
	@scripts/fuzz.sh $(SECONDS)

demo: ## record the demo project anew
	@scripts/setup.sh demo
	cd tests/demo-site && npm ci --no-audit --no-fund && node record.mjs

fmt: ## format all Rust
	cargo fmt --all

build: ui/dist/index.html ## the window and the command, for trying out
	cargo build $(EVERYTHING)

ui/dist/index.html: $(PAGES)
	@scripts/setup.sh ui
	cd ui && npm run --silent build
	@touch $@

types: ## print the window's types and the table of fields from the core
	DWELL_WRITE=1 cargo test -p dwell-core --lib wire::
	DWELL_WRITE=1 cargo test -p dwell-core --lib facts::fields::
