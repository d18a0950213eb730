# Every habit of the house has a target here; `make help` lists them.

SHELL := /bin/bash
GO    ?= go
OMNIA := bin/omnia

# How much each fuzz target runs in `make fuzz`: tries (10000x) or time (10m). A count is what the
# tests use: Go's fuzzer may report the end of its time as a failure (golang/go issue 75804).
FUZZTIME ?= 10000x
# Packages for `make unit` and `make race`.
PKG ?= ./...

.DEFAULT_GOAL := help
.PHONY: help tools postgres chromium poppler build run test unit race vet fmt-check fmt rules-check fuzz replay-corpus corpus mutants crash upgrade bench million generate lint clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

tools: ## check that Go is there
	@command -v $(GO) >/dev/null || { echo "Go is missing: install Go 1.26 or newer from https://go.dev/dl/ and try again." >&2; exit 1; }

# install PACKAGE NAME installs a Debian package that is not there.
define install
  { command -v apt-get >/dev/null || { echo "$(2) is missing: install it and try again." >&2; exit 1; }; \
	  if [ "$$(id -u)" = 0 ]; then su=; else su=sudo; fi; \
	  echo "installing $(2) for the tests"; \
	  $$su env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends $(1)' >&2; }
endef

postgres: ## the server programs of PostgreSQL, which the tests start for themselves; installed when missing (Debian)
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || $(call install,postgresql,PostgreSQL)

chromium: ## the browser that reads the stream of INFO CIG in the tests; installed when missing (Debian)
	@command -v chromium >/dev/null || $(call install,chromium,Chromium)

poppler: ## the readers of PDF with which the tests read transcripts back; installed when missing (Debian)
	@command -v pdftotext >/dev/null || $(call install,poppler-utils,Poppler)

build: tools ## build bin/omnia, the whole service in one file
	@mkdir -p bin
	$(GO) build -trimpath -o $(OMNIA) ./cmd/omnia

run: build ## build and serve on 127.0.0.1:8080; prints requests to try
	@exec $(OMNIA) serve

test: tools postgres chromium poppler fmt-check vet unit rules-check fuzz ## everything that must hold before a commit

unit: ## the Go tests (PKG=./api/ for some)
	$(GO) test $(PKG)

race: ## the Go tests under the race detector
	$(GO) test -race $(PKG)

vet: ## what the compiler does not say
	$(GO) vet ./...

fmt-check: ## Go files are in the one format
	@bad=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$bad" ]; then echo "gofmt would change (make fmt does it):"; echo "$$bad"; exit 1; fi

fmt: ## put Go files in the one format
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')

rules-check: build ## check the rules, their form, and run the cases beside them
	$(OMNIA) rules check
	$(OMNIA) rules fmt --check --dir rules
	$(OMNIA) rules test

fuzz: ## each fuzz target for a moment (FUZZTIME=10m for long)
	@set -euo pipefail; \
	grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r file; do \
	  for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]+)\(.*/\1/p' "$$file"); do \
	    echo "$$(dirname "$$file") $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" </dev/null; \
	  done; \
	done

replay-corpus: build ## decide again what earlier versions decided (fixtures/decisioni), to the byte; the tests do it too
	@set -euo pipefail; for export in fixtures/decisioni/*.ndjson.gz; do \
	  echo "$$export"; $(OMNIA) replay --export "$$export" --keys "$${export%.ndjson.gz}.keys.json" --progress; \
	done

# RULES_OF=folder for the rules of another edition; several are taken one after the other.
RULES_OF ?=
corpus: build ## take decisions for later versions to give again, under a new NAME; see fixtures/decisioni/README.md
	@test -n "$(NAME)" || { echo "say under which name: make corpus NAME=2027-01" >&2; exit 1; }
	$(OMNIA) corpus "$(NAME)" $(RULES_OF)

mutants: ## every small mistake in the rules of the forms, one by one: do their cases notice? (minutes; the tests try one in eight)
	OMNIA_MUTANTS=all $(GO) test ./engine/mutationtest -run '^TestTheCasesNoticeMistakesInTheForms$$' -count=1 -v -timeout 30m

# How often the service is killed on each database in `make crash`.
KILLS ?= 1000
crash: postgres ## kill -9 the service KILLS times on each database under load: what was answered is there once, and the log verifies
	OMNIA_KILLS=$(KILLS) $(GO) test ./cmd/omnia -run '^TestEveryAnswerHoldsAfterKills$$' -count=1 -v -timeout 6h

# The commit whose program is live before the upgrade.
FROM ?= HEAD~1
upgrade: postgres ## put this program beside the live one of the commit FROM, on one database and under load, and take the older one away
	OMNIA_UPGRADE_FROM=$(FROM) $(GO) test ./cmd/omnia -run '^TestARollingUpgradeKeepsOneLog$$' -count=1 -v

bench: ## the benchmarks
	$(GO) run ./bench

million: ## the commands over a log of a million decisions: half an hour, and some 20 GB
	$(GO) run ./bench -only million

generate: build ## rewrite the generated files: schemas of the rules, facts in api/openapi.yaml, docs/errori.md, docs/accessi.md, docs/riferimento-*.md
	$(OMNIA) rules schema --dir rules
	$(OMNIA) rules reference --dir rules docs
	$(GO) test ./api ./policies -run '^TestGenerated' -count=1 -update

# The official rules for Italian public APIs, "Italian Guidelines Full"; RULES=folder for a copy of them.
LINT_SOURCE = https://github.com/italia/api-oas-checker-rules
LINT_TAG    = 2.3
RULES      ?=

lint: build ## the served OpenAPI document through the official Italian linter: 0 errors, 0 warnings (needs npm and the network)
	@set -euo pipefail; dir=$$(mktemp -d); \
	OMNIA_ADDR=127.0.0.1:18080 OMNIA_DATA="$$dir/data" $(OMNIA) serve >"$$dir/log" 2>&1 & pid=$$!; \
	trap 'kill $$pid; rm -rf "$$dir"' EXIT; \
	for _ in $$(seq 100); do curl -sf http://127.0.0.1:18080/openapi.yaml -o "$$dir/openapi.yaml" && break; sleep 0.1; done; \
	rules="$(RULES)"; [ -n "$$rules" ] || { git clone -q --depth 1 --branch $(LINT_TAG) $(LINT_SOURCE) "$$dir/official"; rules="$$dir/official/rules"; }; \
	{ echo 'extends:'; echo '  - "spectral:oas"'; \
	  find "$$rules" -name '*.yml' ! -name pagination.yml | sort | sed 's/^/  - /'; } >"$$dir/spectral.yaml"; \
	npx --yes @stoplight/spectral-cli@6.16.3 lint -F warn -r "$$dir/spectral.yaml" "$$dir/openapi.yaml"

clean: ## remove what was built
	rm -rf bin
