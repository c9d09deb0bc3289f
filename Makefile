# The ways to work on Otvet. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help quick check test parts web rust-test web-test e2e browser golden openapi fmt

OTVET_BIN ?= $(CURDIR)/target/release/otvet

help: ## Lists these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

quick: ## The inner loop: unit tests of the Rust crates, debug build, no faces
	cargo test --workspace --exclude otvet-tests --exclude otvet-benches

test: parts web-test rust-test e2e faults-short browser android-test ## Everything: Rust, TypeScript, end to end, faults, the benches once, browser, Android; installs what its real parts need
	@echo "all suites passed"

check: ## Formatting, lints as errors, types, licences
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cd clients && npm ci --no-audit --no-fund && npm run typecheck && npm run lint
	@if command -v cargo-deny >/dev/null; then cargo deny --offline check licenses sources bans; \
	else echo "note: cargo-deny is not installed; licences and sources were not checked"; fi

parts: ## Installs redis-server, postgresql, mariadb-server and chromium where it may (Debian, root), and says what it could not
	@scripts/install-test-parts.sh

web: ## Builds the faces
	cd clients && npm ci --no-audit --no-fund && npm run build

web-test: ## TypeScript: types, lints, unit tests, golden frames
	cd clients && npm ci --no-audit --no-fund && npm run typecheck && npm run lint && npm test

rust-test: ## Rust: unit and contract tests, OpenAPI and golden frames, the benches once
	cargo test --workspace --exclude otvet-tests
	scripts/with-postgres.sh cargo test -p otvet-engine --lib -- journal:: store::
	scripts/with-mysql.sh cargo test -p otvet-engine --lib -- journal:: store:: identity::

release: ## The binary that is shipped
	cargo build --release
.PHONY: release

e2e: release ## The real server under load, restarts and bad input, held against the checker
	OTVET_BIN=$(OTVET_BIN) cargo test -p otvet-tests --lib --test harness --test layering --test e2e

faults: parts release ## Every fault in its long form, on real processes under load: one table at the end (about a quarter of an hour)
	OTVET_BIN=$(OTVET_BIN) OTVET_FAULTS=long cargo test --release -p otvet-tests --test faults -- $(ONLY)

faults-short: release ## The same faults in their short form (about three minutes)
	OTVET_BIN=$(OTVET_BIN) cargo test -p otvet-tests --test faults -- $(ONLY)
.PHONY: faults-short
.PHONY: faults

fuzz: ## Long runs of the fuzz targets, of the state machine against its model, and of the model checker, with the number of executions
	OTVET_FUZZ_RUNS=10000000 cargo test --release -p otvet-engine fuzz:: -- --nocapture
	OTVET_FUZZ_CASES=200000 cargo test --release -p otvet-engine model_tests -- --nocapture
	OTVET_SCHEDULES=100000 cargo test --release -p otvet-engine -p otvet-actors --lib interleavings -- --nocapture
.PHONY: fuzz

bench: release ## Measures everything beside its ceiling and writes docs/performance.md (half an hour; nothing else should run)
	cargo bench -p otvet-benches
	cargo bench -p otvet-actors
	OTVET_BIN=$(OTVET_BIN) cargo run --release -p otvet-benches --bin performance -- measure
	cargo run --release -p otvet-benches --bin performance -- write
.PHONY: bench


browser: release ## The faces in a real Chromium against the real server
	cd clients && OTVET_BIN=$(OTVET_BIN) npm run browser

android: release ## The Android app: builds it, tests it against the real server and the checker, makes and checks the APK
	OTVET_BIN=$(OTVET_BIN) clients/android/build/android.sh
	OTVET_BIN=$(OTVET_BIN) cargo test -p otvet-tests --test phone
.PHONY: android

android-test:
	@if command -v javac >/dev/null && command -v mvn >/dev/null; then $(MAKE) --no-print-directory android; \
	else echo "NOTE: the Android tests were NOT run: there is no JDK (javac) or no Maven (mvn) here"; fi
.PHONY: android-test

golden: ## Rewrites the golden frames after a change of the protocol (look at the difference before you commit it)
	-OTVET_GOLDEN=write cargo test -p otvet-engine golden

openapi: ## Rewrites api/openapi.json from the code
	OTVET_OPENAPI=write cargo test -p otvet-api openapi

fmt: ## Formats everything
	cargo fmt --all
