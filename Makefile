# Tocsin. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
GO ?= go
NPM ?= npm
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
UI_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f \( -name '*.ts' -o -name '*.tsx' -o -name '*.css' -o -name '*.html' -o -name 'package*.json' -o -name 'vite.config.*' -o -name 'tsconfig*.json' \) -print 2>/dev/null)
DATA ?= data

.PHONY: help tools build demo dev test test-all test-web test-pg test-kafka test-shippers test-hostile e2e golden fuzz bench bench-kql bench-ingest generate lint check clean

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  %-12s %s\n", $$1, $$2}'

tools: # says in one line what is missing
	@command -v $(GO) >/dev/null || { echo "missing: Go 1.26 or newer (https://go.dev/dl)"; exit 1; }
	@$(GO) version | awk '{split(substr($$3,3),v,"."); if (v[1]<1 || (v[1]==1 && v[2]<26)) {print "missing: Go 1.26 or newer; this is " $$3; exit 1}}'
	@command -v $${CC:-cc} >/dev/null || { echo "missing: a C compiler (Debian: apt-get install gcc g++)"; exit 1; }
	@command -v node >/dev/null || { echo "missing: Node 20 or newer with npm (https://nodejs.org)"; exit 1; }
	@node -e 'if (+process.versions.node.split(".")[0] < 20) {console.log("missing: Node 20 or newer; this is " + process.version); process.exit(1)}'

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && $(NPM) ci --no-fund --no-audit
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(UI_SOURCES)
	cd web && $(NPM) run build

ui: web/dist/index.html ## build the user interface into web/dist

build: tools web/dist/index.html ## build bin/tocsin with the user interface in it
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/tocsin ./cmd/tocsin

demo: build ## build everything and run the main job: two attacks, detected live
	bin/tocsin demo

dev: tools web/node_modules/.package-lock.json ## server with demo data and the UI reloading on change
	@trap 'kill 0' EXIT; (cd web && $(NPM) run dev -- --port 5173 --strictPort) & \
	$(GO) run ./cmd/tocsin demo --ui-dev http://127.0.0.1:5173

test: tools web/dist/index.html ## every test that needs no network and no other server
	$(GO) vet ./...
	$(GO) test ./...
	cd web && $(NPM) test

test-all: test test-race test-pg test-kafka test-shippers test-hostile e2e ## also race detector, PostgreSQL, Kafka, shippers, attacks and browser

test-race: # packages with goroutines of their own
	$(GO) test -race . ./internal/... ./sigma/... ./evtx/...

test-pg: ## the state store's conformance suite on a private PostgreSQL
	internal/incident/sqlstore/testpg.sh $(GO) test ./internal/incident/sqlstore/...

test-kafka: ## the Kafka consumer against a private broker (needs java and mvn)
	internal/ingest/kafka/testkafka.sh $(GO) test -count=1 ./internal/ingest/kafka

test-shippers: build ## real shippers and servers (rsyslog, Collector, Kafka, nginx, BIND …) against the real binary
	e2e/shippers/install.sh
	TOCSIN_TEST_SHIPPERS=1 internal/ingest/kafka/testkafka.sh $(GO) test -count=1 ./e2e/shippers

test-hostile: web/dist/index.html ## bombs, lies and dawdlers at every door of a real server: a table of answers, memory and time
	TOCSIN_TEST_HOSTILE=1 $(GO) test -count=1 -v -run TestHostile ./cmd/tocsin

e2e: build ## browser stories against a real server (needs Chromium)
	cd e2e && $(NPM) ci --no-fund --no-audit && $(NPM) test

golden: ## rewrite golden files; review the diff like code
	@for p in $$(grep -rlE 'flag\.Bool\("update"' --include='*_test.go' . | xargs -n1 dirname | sort -u); do $(GO) test $$p -update || exit 1; done

FUZZTIME ?= 30s
fuzz: ## every fuzz target for FUZZTIME each
	@for f in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
	  for t in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$f/*_test.go | sed 's/func //'); do \
	    echo "== $$f $$t"; $(GO) test $$f -run '^$$' -fuzz "^$$t\$$" -fuzztime $(FUZZTIME) || exit 1; done; done

bench: ## benchmarks, each with its yardstick in the same run
	$(GO) test -run '^$$' -bench . -benchmem ./kql/... ./sigma/... ./evtx/... ./internal/...

bench-kql: ## KQL against the same query in SQL by hand, over 20 million rows
	$(GO) test -run '^$$' -bench AgainstSQL -benchtime 1x -timeout 30m ./internal/telemetry/kqltest -bench-rows 20000000

BENCHFLAGS ?=
bench-ingest: ## the way of an event under load: 60 s over HTTP with all SigmaHQ rules; BENCHFLAGS adds flags
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/tocsin ./cmd/tocsin
	bin/tocsin bench ingest --rules ../shared/sigma/sigmahq $(BENCHFLAGS)

generate: ## code and documents that are made from code and content
	$(GO) generate ./...

lint: ## vet, formatting, and golangci-lint where it is installed
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not formatted:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	@if command -v golangci-lint >/dev/null; then golangci-lint run ./...; else echo "golangci-lint is not installed; vet and gofmt passed"; fi

check: lint test ## what CI runs before the browser stories
	@$(GO) generate ./... && git diff --exit-code -- web/src/api docs/reference || { echo "generated files are stale: run make generate and commit"; exit 1; }

clean: ## remove what was built
	rm -rf bin web/dist/* web/node_modules e2e/node_modules
	@touch web/dist/.gitkeep
