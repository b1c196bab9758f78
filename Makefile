# GNU make and a POSIX shell. `race`, `e2e` and `recording` need more than Go, git and make: .ci/run installs that on Debian.
# `screenshots` needs node, npm and chromium besides.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# Nothing of the builder's machine in a binary: no paths, no C library. buildvcs adds nothing to the ldflags below and fails
# where git does not trust the folder's owner.
export GOFLAGS := -trimpath -buildvcs=false
export CGO_ENABLED := 0

TOOL := go tool -modfile=go.tools.mod
ADAPTER := bin/foreshadow-adapter
PLUGIN := bin/kubectl-foreshadow
SIDECAR := bin/foreshadow-sidecar
CONTROLPLANE := bin/controlplane
NODE := bin/node
PACKAGES := bin/packages
CLIENTS := bin/clients
# What is generated: zz_generated.* beside the types, the CRDs, the chart's table of values, the rules for Prometheus, the
# dashboards for Grafana, KEDA's protocol, and the pages about flags and metrics.
GENERATED := adapter/api adapter/publish/keda/externalscaler charts/foreshadow dashboards docs/reference rules

# `make demo ARGS="--trace database"`, `make test TESTFLAGS=-v`, `make fuzz FUZZTIME=10m`
ARGS ?=
TESTFLAGS ?=
FUZZTIME ?= 30s

# The packages where goroutines meet.
RACE_PACKAGES := ./adapter/backtest/... ./adapter/certificate/... ./adapter/history/... ./adapter/lease/... ./adapter/pools/... ./adapter/publish/... ./adapter/refresh/... ./adapter/shadow/actuate/... ./adapter/shadow/cluster/... ./adapter/shadow/scrape/... \
	./adapter/simulate/... ./adapter/warmup/... ./cmd/...

# Days replayed by one goroutine: minutes under the detector, which has nothing to see there, nor in the demo's
# second trace. `make test` runs them.
RACE_SKIP := ^(TestLearningFromAnHPAThatFollowsUsDoesNotGrowTheWorkload|TestWithoutDimensionsNothingChanges|TestWarmUpsLeaveTheForecastUnchanged|TestWarmUpsAreNoUseOfResources|TestMoreReplicasAskForNoMore)$$|^TestDemoOverloadsLessThanAReactiveHPAOfEqualCost$$/^database$$

# `foreshadow-adapter --version`. The date is the commit's, so that the same commit gives the same bytes.
VERSION = $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION = $(shell git rev-parse -q --verify HEAD || echo unknown)
BRANCH = $(shell git symbolic-ref --short -q HEAD || echo unknown)
DATE = $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)
STAMP := github.com/prometheus/common/version
LDFLAGS = -s -w -X $(STAMP).Version=$(VERSION) -X $(STAMP).Revision=$(REVISION) -X $(STAMP).Branch=$(BRANCH) -X $(STAMP).BuildDate=$(DATE)

comma := ,
# tee keeps the output of a long run under out/ without losing the exit code of the run: a pipe in sh forgets it.
kept = mkdir -p out; { $(1); echo $$? >out/$(2).status; } 2>&1 | tee out/$(2).log; exit $$(cat out/$(2).status)

.PHONY: help
help: ## Print this list.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: ## Replay three days of a real application in about a minute, without a cluster (ARGS=--help for more).
	@echo "building foreshadow-adapter: some minutes the first time, a second afterwards" >&2
	@go run ./cmd/foreshadow-adapter demo $(ARGS)

.PHONY: build
build: ## Build bin/foreshadow-adapter, bin/foreshadow-sidecar and bin/kubectl-foreshadow.
	go build -ldflags '$(LDFLAGS)' -o $(ADAPTER) ./cmd/foreshadow-adapter
	go build -ldflags '$(LDFLAGS)' -o $(PLUGIN) ./cmd/kubectl-foreshadow
	go build -ldflags '$(LDFLAGS)' -o $(SIDECAR) ./cmd/foreshadow-sidecar

# What no architecture needs of the other's: `make image ARCHES=amd64` writes an image of one.
ARCHES ?= amd64 arm64
# imaged FOLDER NAME ARCHES OPTIONS: builds the program for each architecture and writes its image.
imaged = $(foreach a,$(3),GOOS=linux GOARCH=$(a) go build -ldflags '$(LDFLAGS)' -o $(1)/bin/$(a)/$(2) ./cmd/$(2) &&) \
	bin/image -name $(2) -version '$(VERSION)' -revision '$(REVISION)' -created '$(DATE)' -out $(1)/$(2) \
		$(foreach a,$(3),-binary $(a)=$(1)/bin/$(a)/$(2)) $(4)

.PHONY: image
image: imager ## Write the images of the adapter and the sidecar to out/image, as OCI layouts with lists of what they are built from.
	@$(call imaged,out/image,foreshadow-adapter,$(ARCHES),-port 6443 -port 9402 -folder /data)
	@$(call imaged,out/image,foreshadow-sidecar,$(ARCHES),-port 9797 -port 9798)

.PHONY: imager
imager:
	cd e2e/image && go build -o ../../bin/image .

.PHONY: test
test: ## Run the unit tests, and those of the rules.
	go test $(TESTFLAGS) ./...
	cd e2e/image && go test $(TESTFLAGS) ./...
	@$(MAKE) --no-print-directory rules

.PHONY: race
race: export CGO_ENABLED := 1
race: ## Run the tests of the concurrent packages under the race detector (needs a C compiler).
	go test -race -skip '$(RACE_SKIP)' -timeout 20m $(TESTFLAGS) $(RACE_PACKAGES)

.PHONY: lint
lint: ## Run the linters.
	$(TOOL) golangci-lint config verify
	$(TOOL) golangci-lint run ./...

.PHONY: fmt
fmt: ## Format the code.
	$(TOOL) golangci-lint fmt

.PHONY: generate
generate: ## Write the generated code, the CRDs, the chart's table of values, the rules, the dashboards and docs/reference anew.
	$(TOOL) controller-gen object paths=./adapter/api/... crd paths=./adapter/api/... output:crd:dir=charts/foreshadow/files/crds
	$(TOOL) helm-docs --log-level=warning --chart-search-root=charts --sort-values-order=file --skip-version-footer
	go run ./charts/generate
	go run ./rules/generate
	go run ./dashboards/generate
	go test -count=1 -run '^TestReference' ./adapter/cli ./cmd/foreshadow-adapter ./cmd/foreshadow-sidecar -rewrite
	cd adapter/publish/keda/externalscaler/generate && go run .

.PHONY: verify
verify: ## Fail where generated files, formatting or module files are stale, naming the file and the command.
	@set -eu; before=$$(mktemp -d); trap 'rm -rf "$$before"' EXIT; \
	for d in $(GENERATED); do mkdir -p "$$before/$$d" "$$d"; cp -R "$$d/." "$$before/$$d"; done; \
	$(MAKE) --no-print-directory generate; stale=; \
	for d in $(GENERATED); do diff -ruN "$$before/$$d" "$$d" || stale="$$stale $$d"; done; \
	[ -z "$$stale" ] || { echo "verify: generated files were stale in:$$stale; 'make generate' has written them, commit them" >&2; exit 1; }
	@$(TOOL) golangci-lint fmt --diff || { echo "verify: the files above are not formatted: run 'make fmt'" >&2; exit 1; }
	@go mod tidy -diff || { echo "verify: go.mod or go.sum is stale: run 'go mod tidy'" >&2; exit 1; }
	@go mod tidy -modfile=go.tools.mod -diff || { echo "verify: go.tools.mod or go.tools.sum is stale: run 'go mod tidy -modfile=go.tools.mod'" >&2; exit 1; }
	@for d in adapter/publish/keda/externalscaler/generate e2e/image e2e/tools e2e/tools/clients e2e/tools/thanos rules/tools/inhibit rules/tools/pint rules/tools/promtool; do \
		(cd $$d && go mod tidy -diff) || { echo "verify: $$d/go.mod or go.sum is stale: run 'go mod tidy' in $$d" >&2; exit 1; }; \
	done

# promtool without the clouds that it could discover targets in: no rule needs them, and they are three quarters of its build.
bin/promtool: rules/tools/promtool/go.sum
	cd rules/tools/promtool && go build -tags remove_all_sd -o ../../../$@ github.com/prometheus/prometheus/cmd/promtool

bin/pint: rules/tools/pint/go.sum
	cd rules/tools/pint && go build -o ../../../$@ github.com/cloudflare/pint/cmd/pint

.PHONY: rules
rules: bin/promtool bin/pint ## Check the rules, their tests and the Alertmanager example with Prometheus' own tools.
	bin/promtool check rules --lint=all --lint-fatal rules/foreshadow.yaml
	bin/promtool test rules rules/tests/*_test.yaml
	bin/pint -n -o -l WARN lint --fail-on=warning rules/foreshadow.yaml
	cd rules/tools/inhibit && go test ./...

.PHONY: e2e-tools
e2e-tools: ## Build etcd, the Kubernetes control plane, kwok, helm and kubectl for e2e, once.
	e2e/tools/build.sh $(CONTROLPLANE)
	e2e/tools/clients/build.sh $(CLIENTS)

.PHONY: e2e
e2e: export FORESHADOW_E2E_ADAPTER := $(CURDIR)/$(ADAPTER)
e2e: export FORESHADOW_E2E_KUBECTL := $(CURDIR)/$(PLUGIN)
e2e: export FORESHADOW_E2E_CONTROLPLANE := $(CURDIR)/$(CONTROLPLANE)
e2e: export FORESHADOW_E2E_CLIENTS := $(CURDIR)/$(CLIENTS)
e2e: e2e-tools build ## Let a real HPA scale by a real Prometheus on a real control plane, all on loopback.
	@$(call kept,go test -tags e2e -count=1 -timeout 60m -p 1 -v $(TESTFLAGS) ./e2e/... ./adapter/history/... ./adapter/backtest/...,e2e)

.PHONY: e2e-node-tools
e2e-node-tools: e2e-tools ## Build the kubelet and unpack the container runtime for e2e-node, once.
	e2e/tools/build.sh $(NODE) node
	e2e/node/packages.sh $(PACKAGES)

.PHONY: e2e-node
e2e-node: export FORESHADOW_E2E_ADAPTER := $(CURDIR)/$(ADAPTER)
e2e-node: export FORESHADOW_E2E_SIDECAR_IMAGE := $(CURDIR)/out/image-node/foreshadow-sidecar
e2e-node: export FORESHADOW_E2E_CONTROLPLANE := $(CURDIR)/$(CONTROLPLANE)
e2e-node: export FORESHADOW_E2E_NODE := $(CURDIR)/$(NODE)
e2e-node: export FORESHADOW_E2E_PACKAGES := $(CURDIR)/$(PACKAGES)
e2e-node: e2e-node-tools build imager ## Warm up, activate and resize real containers on a real node (root on Debian; says so where it cannot run).
	@$(call imaged,out/image-node,foreshadow-sidecar,$(shell go env GOARCH),-port 9797 -port 9798)
	@$(call kept,go test -tags e2e -count=1 -timeout 60m -v $(TESTFLAGS) ./e2e/node,e2e-node)

.PHONY: e2e-ecosystem
e2e-ecosystem: export FORESHADOW_E2E_ADAPTER := $(CURDIR)/$(ADAPTER)
e2e-ecosystem: export FORESHADOW_E2E_CONTROLPLANE := $(CURDIR)/$(CONTROLPLANE)
e2e-ecosystem: export FORESHADOW_E2E_KEDA := $(CURDIR)/bin/keda
e2e-ecosystem: export FORESHADOW_E2E_REPORT := e2e-ecosystem.json
e2e-ecosystem: e2e-tools build ## Let the real KEDA scale by our scaler and a real Alertmanager tell of it, apart from CI: KEDA takes half an hour to build, once.
	e2e/tools/keda/build.sh bin/keda
	e2e/tools/thanos/build.sh bin/thanos && e2e/tools/victoriametrics.sh bin/victoria-metrics
	@$(call kept,go test -tags e2e$(comma)ecosystem -count=1 -timeout 45m -p 1 -v -run '^Test(Ecosystem|VictoriaMetrics|Thanos|AFullVolume)' ./e2e ./e2e/engines,e2e-ecosystem)

.PHONY: screenshots
screenshots: ## Draw the dashboards of the recorded run into docs/images/dashboards (needs node, npm and chromium).
	dashboards/screenshots/shoot.sh

.PHONY: recording
recording: export FORESHADOW_E2E_RECORD := yes
recording: export FORESHADOW_E2E_ADAPTER := $(CURDIR)/$(ADAPTER)
recording: export FORESHADOW_E2E_KUBECTL := $(CURDIR)/$(PLUGIN)
recording: export FORESHADOW_E2E_CONTROLPLANE := $(CURDIR)/$(CONTROLPLANE)
recording: e2e-tools build ## Record anew what the adapter exports while an HPA scales by it, for the tests of the dashboards.
	go test -tags e2e -count=1 -timeout 30m -v -run 'TestAdversity/both_roles' ./e2e
	cp out/story.series e2e/replay/testdata/story.series

.PHONY: bench
bench: ## Print the ratios that the README quotes; out/bench.json keeps them.
	@go run ./e2e/bench

.PHONY: accuracy
accuracy: ## Score the forecasts of a folder of series beside other models (DATA=dir); out/accuracy.json keeps them.
	@go run ./e2e/accuracy $(if $(DATA),--data '$(DATA)',--table docs/accuracy/unreleased.csv)

# A second for the shortening of an input: the minute that is the default would be all the time of a target whose runs take long.
# The fuzzer of Go sometimes ends by its own deadline, which it then reports as the target's failure ("context deadline exceeded",
# without a failing input). That alone is tried once more; an input that fails is a failure at once.
fuzzed = mkdir -p out; for try in 1 2; do \
	code=0; { $(1) 2>&1 || echo $$? >out/fuzz.status; } | tee out/fuzz.log; \
	[ ! -e out/fuzz.status ] || { code=$$(cat out/fuzz.status); rm out/fuzz.status; }; \
	[ $$code -ne 0 ] || break; \
	if [ $$try -eq 2 ] || grep -q 'Failing input' out/fuzz.log || ! grep -q 'context deadline exceeded' out/fuzz.log; then exit $$code; fi; \
done

# The packages that have a fuzz target.
fuzzed_dirs = $$(grep -rl --include='*_test.go' '^func Fuzz' adapter cmd forecast | xargs -n 1 dirname | sort -u)

.PHONY: fuzz-tests
fuzz-tests: ## Compile what fuzz runs, so that it compiles nothing but the tests.
	@set -eu; for dir in $(fuzzed_dirs); do go test -c -fuzz . -o /dev/null "./$$dir"; done

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (30s).
	@set -eu; found=; \
	for dir in $(fuzzed_dirs); do \
		targets=$$(go test -list '^Fuzz' "./$$dir"); \
		for target in $$(echo "$$targets" | grep '^Fuzz'); do \
			found=yes; echo "== $$dir $$target"; \
			$(call fuzzed,go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s "./$$dir"); \
		done; \
	done; \
	[ -n "$$found" ] || { echo "fuzz: no target found" >&2; exit 1; }

.PHONY: cover
cover: ## Write the coverage of the unit tests to out/cover.html.
	@mkdir -p out
	go test -coverprofile=out/cover.out ./...
	go tool cover -html=out/cover.out -o out/cover.html
	@go tool cover -func=out/cover.out | tail -n 1

.PHONY: clean
clean: ## Remove what the other targets have made.
	rm -rf bin out
