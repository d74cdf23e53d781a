# Building, checking and trying the portal. "make" alone lists the targets; ".ci/run" is "make setup check".
#
# Go is all that running and testing need: generated Go code and portal.css are committed. Node builds the CSS, and its
# files live in .ci/node, so that nobody takes this for a Node project and the go command never walks its modules.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS   += --no-print-directory

LINT     := go tool -modfile=.ci/tools.mod golangci-lint
MODULES  := .ci/node/node_modules
TAILWIND := NODE_PATH=$(CURDIR)/$(MODULES) $(MODULES)/.bin/tailwindcss --minify
STYLES   := portal desk
FUZZTIME := 10s
PROOF    := TestProof
SHARE    := 1

HTMX        := 4.0.1
HTMX_SHA256 := a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130
MAX_BINARY  := 25000000

.PHONY: help test check setup verify binary generate css lint fmt pictures bench microbench prove fuzz dev build vendor mutants release reproducible

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- Daily -----------------------------------------------------------------------------------------------------------

dev: ## Serve with the embedded pool; build and start again whenever a source changes (Go and Node)
	@.ci/dev

test: setup ## Every test with the race detector; installs Chromium and gcc where it may
	go test -race -timeout 20m ./...

generate: css ## Write the Go code of the views, portal.css, the archive of texts and docs/configuration.md
	go tool templ generate -path views
	touch -a internal/i18n/catalogues.zip
	go test -count=1 ./internal/i18n -run TestArchiveIsCurrent -update
	go test -count=1 ./cmd/portal -run TestReferenceOfSettingsIsCurrent -update

css: $(MODULES) ## Write static/css/portal.css and desk.css
	for name in $(STYLES); do $(TAILWIND) -i static/css/$$name.src.css -o static/css/$$name.css; done

fmt: ## Format Go and templ files
	go tool templ fmt views
	$(LINT) fmt -c .ci/golangci.yml ./...

lint: ## What golangci-lint finds; its first build takes a minute or two
	$(LINT) run -c .ci/golangci.yml ./...

build: ## bin/portal as released: static, stripped
	CGO_ENABLED=0 go build -buildvcs=auto -trimpath -ldflags='-s -w' -o bin/portal ./cmd/portal

STATES :=
pictures: setup ## Every page in every state as a picture, into artefacts/; STATES=en/set-up for some of them
	PORTAL_ARTEFACTS=$(CURDIR)/artefacts go test -count=1 -timeout 60m ./web -run 'TestBrowserPictures/$(STATES)'

bench: ## Measure the portal beside what others would write, into docs/performance.md (Linux; Node for its rows)
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o bin/bench/ ./cmd/portal ./bench/hello ./bench/naive ./bench/inmemory
	@node=; if command -v npm >/dev/null; then node=bench/node; npm ci --prefix $$node --ignore-scripts --no-audit --no-fund; fi; \
	go run ./bench -node "$$node" -report docs/performance.md

microbench: ## Every Go benchmark
	go test -run='^$$' -bench=. -benchmem ./...

# Each package ends by itself in time, and what it has started dies with it. "make prove PROOF=TestProofRollOut SHARE=0.1"
# is a tenth of one proof; the page is written by whole runs alone. PORTAL_PROVE_OLDER=../older/bin/portal is what nodes are
# upgraded from.
prove: setup ## Every proof with its full counts, into docs/proof.md (Linux; half an hour where nobody else is at work)
	@figures=$$(mktemp); trap 'rm -f "$$figures"' EXIT; status=0; \
	export PORTAL_PROVE=$(SHARE) PORTAL_PROVE_FIGURES="$$figures" PORTAL_PROVE_OLDER='$(abspath $(PORTAL_PROVE_OLDER))'; \
	go test -count=1 -v -timeout 45m -run '^$(PROOF)' ./internal/prove || status=$$?; \
	go test -count=1 -v -timeout 13m -run '^$(PROOF)' ./web || status=$$?; \
	[ '$(PROOF)-$(SHARE)' != TestProof-1 ] || go run ./internal/prove/report "$$figures" docs/proof.md; \
	exit $$status

fuzz: ## Each fuzz target for FUZZTIME (10s)
	@for package in $$(go list ./...); do \
	  for target in $$(go test -list='^Fuzz' "$$package" | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    go test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) "$$package"; \
	  done; \
	done

mutants: ## Take each control away and run its proof, which has to fail; the result goes into docs/controls.md (an hour)
	go run ./internal/prove/mutants -record

# ---- Before a change lands -------------------------------------------------------------------------------------------

check: verify lint binary test ## All that CI runs (Go and Node)

setup: ## Install what the tests need and this machine lacks (Debian; root or sudo; npm for axe-core)
	@.ci/setup
	@{ command -v npm >/dev/null && $(MAKE) $(MODULES); } || echo 'could not install axe-core: what needs it is skipped or fails' >&2

# Works on an edited tree too: what the tools would write has to be what is already there.
verify: $(MODULES) ## Generated code, CSS, go.mod and formatting are current
	go tool templ fmt -fail views
	@state() { git status --porcelain; git diff HEAD; }; \
	before=$$(state); go tool templ generate -path views -check; \
	if [ "$$before" != "$$(state)" ]; then git status --short; echo 'a *_templ.go file had no view and was removed: commit that'; exit 1; fi
	@if [ -n "$${CI:-}" ] && [ -n "$$(git status --porcelain)" ]; then git status --short; echo 'the tree is not clean'; exit 1; fi
	@built=$$(mktemp); trap 'rm -f "$$built"' EXIT; for name in $(STYLES); do \
	  $(TAILWIND) -i static/css/$$name.src.css -o "$$built" 2>/dev/null || { echo 'the CSS does not build: make css'; exit 1; }; \
	  cmp "$$built" static/css/$$name.css || { echo "static/css/$$name.css is stale: make css"; exit 1; }; \
	done
	go mod tidy -diff
	@files=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$files" ] || { echo "gofmt: $$files"; exit 1; }
	go vet ./...

# The linker drops unused methods only while nothing looks methods up by a computed name. One such call would keep
# every method of the AWS SDK and add some ten megabytes: find the culprit above the word in the linker's output.
binary: build ## The released binary is small, and nothing keeps dead code in it
	@count=$$(go build -ldflags=-dumpdep -o /dev/null ./cmd/portal 2>&1 | grep -c '<ReflectMethod>' || true); \
	size=$$(wc -c < bin/portal); echo "bin/portal: $$size bytes, $$count functions that keep every method"; \
	[ "$$count" -eq 0 ] && [ "$$size" -le $(MAX_BINARY) ]

# ---- Releasing ---------------------------------------------------------------------------------------------------------

release: ## dist/: binaries for six platforms, checksums, bills of materials, licences. The tree must be a commit
	@.ci/release dist

reproducible: ## This commit built twice, in two places with two caches, is the same byte for byte (PLATFORMS=linux/amd64)
	@.ci/reproducible

# ---- What comes from elsewhere ---------------------------------------------------------------------------------------

$(MODULES): .ci/node/package-lock.json
	npm ci --prefix .ci/node --ignore-scripts --no-audit --no-fund
	@touch $(MODULES)

vendor: ## Fetch htmx again and check that it is the file we know
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	npm pack --silent --pack-destination "$$dir" htmx.org@$(HTMX) >/dev/null; \
	tar -xzf "$$dir"/*.tgz -C "$$dir"; \
	echo "$(HTMX_SHA256)  $$dir/package/dist/htmx.min.js" | sha256sum --check --quiet; \
	install -m 644 "$$dir/package/dist/htmx.min.js" static/js/htmx.min.js; \
	install -m 644 "$$dir/package/LICENSE" static/js/htmx.LICENSE; \
	echo "static/js/htmx.min.js is htmx $(HTMX)"
