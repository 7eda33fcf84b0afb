# Everything that is done to this repository is a target here; `make` lists them.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ADDR       ?= 127.0.0.1:8080
FUZZTIME   ?= 1m
BENCH_RUNS ?= 10
BUILD      := .build

# The machine's own architecture, in SAM's words: `sam local` runs no other.
HOST_ARCH := $(patsubst aarch64,arm64,$(shell uname -m))
# The race detector is a C library's.
RACE := $(if $(shell command -v $${CC:-cc} 2>/dev/null),-race)
# Modules of their own, which ./... does not reach.
NESTED := $(patsubst %/go.mod,%,$(wildcard infra/*/go.mod))

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: ## Run it all on this machine, with a PBX that pushes (ADDR=127.0.0.1:8080)
	@echo "Building; the first time takes a minute or two."
	@go build -o $(BUILD)/pbxctl ./infra/pbxctl
	@exec $(BUILD)/pbxctl demo --addr $(ADDR) --data .data

.PHONY: install
install: ## Install pbxctl, the operator's program, where `go install` puts programs
	@go install -trimpath ./infra/pbxctl
	@at=$$(go list -f '{{.Target}}' ./infra/pbxctl) && echo "Installed $$at" && \
	  { [ "$$(command -v pbxctl)" = "$$at" ] || echo "To use it: export PATH=\"$$(dirname "$$at"):\$$PATH\""; }

# Packages that run code concurrently, where the race detector is cheap. `make race` checks all packages with it.
RACED := ./pkg/each/... ./pkg/telemetry/... ./pkg/local/control/...
# Tests wait for children, disks and slowness on purpose, so more of them run than there are processors.
TEST  := -count=1 -p 3 -parallel 4

.PHONY: test
test: ## Vet, and run the unit tests; concurrent packages with the race detector, if there is a C compiler
	go vet ./...
	go run ./infra/slowest "$(TEST) $(filter-out $(if $(RACE),$(shell go list $(RACED))),$(shell go list ./...))" \
	  $(if $(RACE),"$(TEST) -race $(RACED)")

.PHONY: race
race: ## Run all unit tests with the race detector (needs a C compiler)
	go run ./infra/slowest "$(TEST) -race -timeout 20m ./..."

.PHONY: faults
faults: ## Have each call of the stores go wrong in each way (make test: in one way), and kill a server 50 times
	go test -count=1 -timeout 20m -v -run NothingAcknowledged ./infra/faults -full
	go test -count=1 -timeout 5m -v -run KilledUnderLoad ./infra/pbxctl -full

# The detector waits a second before a program ends, unless told otherwise.
test race: export GORACE := atexit_sleep_ms=0

# More flags for `sam local`, such as --skip-pull-image. E2E=-update writes the measurements again.
SAM_LOCAL_FLAGS ?=
E2E             ?=

.PHONY: e2e
e2e: ## Test the built functions behind SAM CLI, over LocalStack (or over AWS_ENDPOINT_URL, when set)
	@command -v sam >/dev/null || { echo "make e2e: needs AWS SAM CLI (sam)" >&2; exit 1; }
	@docker info >/dev/null 2>&1 || { echo "make e2e: needs a running Docker engine" >&2; exit 1; }
ifndef AWS_ENDPOINT_URL
	@docker compose version >/dev/null 2>&1 || { echo "make e2e: needs docker compose" >&2; exit 1; }
	docker compose -f infra/localstack/compose.yaml up -d --wait
endif
	sam build --parameter-overrides Architecture=$(HOST_ARCH)
	go test -tags e2e -count=1 -timeout 5m $$(grep -rl '^//go:build e2e' pkg | sed 's|^|./|; s|/[^/]*$$||' | sort -u)
	go test -tags e2e -count=1 -timeout 5m -run OverLocalStack ./infra/pbxctl
	go test -tags e2e -count=1 -timeout 15m ./infra/e2e $(E2E)

e2e: export AWS_ENDPOINT_URL ?= http://127.0.0.1:4566
e2e: export AWS_ACCESS_KEY_ID ?= test
e2e: export AWS_SECRET_ACCESS_KEY ?= test
e2e: export AWS_REGION ?= us-east-1
e2e: export SAM_LOCAL_FLAGS := $(SAM_LOCAL_FLAGS)
e2e: export SAM_CLI_TELEMETRY := 0

# What is deployed, and what operators run.
PRODUCT := ./functions/... ./pkg/... ./infra/pbxctl
# Left to reviewers: errors that are dropped, each with its reason (G104); conversions of numbers whose bounds
# gosec does not see (G115); and the files that an operator names (G304).
GOSEC := -quiet -exclude=G104,G115,G304 -exclude-dir=cloudtest

.PHONY: lint
lint: $(BUILD)/staticcheck $(BUILD)/gosec $(BUILD)/licences $(BUILD)/onlytests ## Check format, code (nested modules too), security and licences
	@unformatted=$$(gofmt -l functions pkg infra events testdata) && \
	  { [ -z "$$unformatted" ] || { echo "not gofmt'd:" $$unformatted >&2; exit 1; }; }
	go vet ./...
	go vet -tags e2e ./...
	$(BUILD)/staticcheck ./...
	$(BUILD)/staticcheck -tags e2e ./...
	$(BUILD)/gosec $(GOSEC) $(PRODUCT)
	$(BUILD)/onlytests $(PRODUCT)/... ./infra/demo
	$(BUILD)/licences $(PRODUCT) > $(BUILD)/licences.txt
	cd infra/tools && go test ./...
	@for module in $(NESTED); do \
	  echo "lint $$module" && (cd $$module && go vet ./... && $(CURDIR)/$(BUILD)/staticcheck ./...) || exit 1; \
	done

.PHONY: licences
licences: $(BUILD)/licences ## List the modules that the product is built of, each with its licence
	@$(BUILD)/licences $(PRODUCT)

.PHONY: vuln
vuln: $(BUILD)/govulncheck ## Look for known vulnerabilities in what the product calls (asks vuln.go.dev)
	$(BUILD)/govulncheck $(PRODUCT)

$(BUILD)/staticcheck: TOOL := honnef.co/go/tools/cmd/staticcheck
$(BUILD)/gosec: TOOL := github.com/securego/gosec/v2/cmd/gosec
$(BUILD)/govulncheck: TOOL := golang.org/x/vuln/cmd/govulncheck
$(BUILD)/licences: TOOL := ./licences
$(BUILD)/licences: $(wildcard infra/tools/licences/*.go)
$(BUILD)/onlytests: TOOL := ./onlytests
$(BUILD)/onlytests: $(wildcard infra/tools/onlytests/*.go)
$(BUILD)/staticcheck $(BUILD)/gosec $(BUILD)/govulncheck $(BUILD)/licences $(BUILD)/onlytests: infra/tools/go.mod infra/tools/go.sum
	cd infra/tools && go build -o $(CURDIR)/$@ $(TOOL)

.PHONY: verify
verify: ## Check the figures in DuckDB's SQL over the raw archive, and what Athena is told (needs a C compiler)
	cd infra/verify && go test -count=1 ./... # a cache would not know of changes to the template

.PHONY: bench
bench: ## Measure (BENCH_RUNS=10)
	cd infra/bench && go run . --runs $(BENCH_RUNS)

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME=1m each; stop at the first that finds something
	infra/fuzz.sh $(FUZZTIME)

# SOAK_SEED repeats a run: the same seed causes the same faults.
SOAK      ?= 30m
SOAK_SEED ?= 0

.PHONY: soak
soak: ## Break servers, disks and clocks under load for SOAK=30m, and run what else is too slow for CI (be root)
	go run ./infra/soak --for $(SOAK) --seed $(SOAK_SEED)
	go test -count=1 -timeout 1h -v -run 'TestMaintenanceRefusesNoPush|TestALargeDay' ./infra/pbxctl -full
	$(MAKE) fuzz

.PHONY: build
build: ## Build pbxctl, and the functions for both architectures, to .build/
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o $(BUILD)/pbxctl ./infra/pbxctl
	$(MAKE) build-IngestFunction GOARCH=arm64 ARTIFACTS_DIR=$(BUILD)/ingest-arm64
	$(MAKE) build-IngestFunction GOARCH=amd64 ARTIFACTS_DIR=$(BUILD)/ingest-x86_64
	$(MAKE) build-RollupFunction GOARCH=arm64 ARTIFACTS_DIR=$(BUILD)/rollup-arm64
	$(MAKE) build-RollupFunction GOARCH=amd64 ARTIFACTS_DIR=$(BUILD)/rollup-x86_64

# SAM CLI calls these by way of infra/sam/<architecture>/Makefile, which sets GOARCH.
.PHONY: build-IngestFunction build-RollupFunction
build-IngestFunction: FUNCTION := ingest
build-RollupFunction: FUNCTION := rollup
build-IngestFunction build-RollupFunction:
	@[ -n "$(GOARCH)" ] || { echo "$@: needs GOARCH" >&2; exit 1; }
	CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH) go build -tags lambda.norpc -trimpath -ldflags "-s -w" \
	  -o $(ARTIFACTS_DIR)/bootstrap ./functions/$(FUNCTION)

# The section of samconfig.toml that is deployed. infra/deploy.sh saves there what it is given, such as the region.
ENV          := dev
SETTINGS      = $(shell awk '/^\[/ { here = index($$0, "[$(ENV).") == 1 } here' samconfig.toml)

# Without a cache, which would not know of changes to files of another module.
.PHONY: policy
policy: ## Check the template against the rules that it keeps
	cd infra/policy && go test -count=1 ./...

.PHONY: deploy
deploy: ## Build and deploy to AWS (ENV=dev|prod, ARCHITECTURE=arm64|x86_64, PARAMETERS='Name=value ...')
	@infra/deploy.sh '$(ENV)'

.PHONY: teardown
teardown: ## Delete a stack from AWS, but table, bucket and keys (ENV=dev|prod)
	@[ -n '$(filter region,$(SETTINGS))' ] || { echo "make $@: ENV=$(ENV) is not deployed from here" >&2; exit 1; }
	sam delete --config-env $(ENV)

.PHONY: clean
clean: ## Remove what was built; .data stays
	rm -rf $(BUILD) .aws-sam
