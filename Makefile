# `make help` lists the targets. Each is one script or command.

GO      ?= go
VERSION ?= $(shell scripts/version)
FUZZ    ?= 1s
SOAK    ?= 1h

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/joingyd
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/joingyd ./cmd/joingyd

.PHONY: run
run: build ## build and run the daemon on its defaults, data in ./var
	@exec bin/joingyd serve

.PHONY: parts
parts: web/parts/dist/NOTICE.txt ## make what of others' code for browsers the next build embeds, with npm (optional)

web/parts/dist/NOTICE.txt: packaging/parts/node_modules $(wildcard packaging/parts/*.go packaging/parts/*.js packaging/parts/licences/*)
	$(GO) run ./packaging/parts

packaging/parts/node_modules: packaging/parts/package-lock.json
	cd packaging/parts && npm ci --no-audit --no-fund
	touch $@

.PHONY: test
test: ready parts test-go fuzz test-web test-classifier ## install what the tests need, and run them all

# Downloads leave the processor to the compiler.
.PHONY: ready
ready:
	@$(MAKE) -j2 --output-sync=target deps lint

.PHONY: deps
deps: ## install what the tests need
	scripts/install-test-deps

.PHONY: lint
lint: ## gofmt, go vet, staticcheck
	scripts/lint

.PHONY: test-go
test-go: ## unit, command-line and whole-daemon tests, under the race detector but for what starts hundreds of processes
	@$(MAKE) -j2 --output-sync=target test-race test-plain # whole daemons wait more than they work

.PHONY: test-race
test-race:
	$(GO) test -race -vet=off -p $$((2 * $$(nproc))) ./... # lint has vetted; most packages wait more than they work

.PHONY: test-plain
test-plain:
	GO=$(GO) scripts/test-plain

.PHONY: fuzz
fuzz: ## run each fuzz test for FUZZ=1s
	scripts/fuzz $(FUZZ)

.PHONY: test-web
test-web: parts build ## types of the browser client, and tests in real browsers
	cd web/e2e && npm run --silent check && npm run --silent test

.PHONY: test-classifier
test-classifier: packaging/classifier/node_modules ## types of the image classifier, and tests with its real model
	cd packaging/classifier && npm run --silent check && npm run --silent test

packaging/classifier/node_modules: packaging/classifier/package-lock.json
	cd packaging/classifier && npm ci --no-audit --no-fund
	touch $@

.PHONY: test-prometheus
test-prometheus: ## metrics, alert rules and dashboard with the real Prometheus, fetched from Debian if it is not there
	scripts/test-prometheus

.PHONY: trials
trials: build ## attacks and faults by number, as a table
	scripts/trials

.PHONY: soak
soak: ## visitors come and go for SOAK=1h under the race detector (trial P5)
	JOINGYD_SOAK=$(SOAK) $(GO) test -race -count=1 -timeout 0 -v -run TestP5Churn ./match

.PHONY: bench
bench: build ## clone to first picture, and Next to first frame, as a table
	scripts/bench

.PHONY: bench-relay
bench-relay: ## the relay beside coturn and stock pion: CPU, loss, latency, memory; ARGS=-quick
	scripts/bench-relay $(ARGS)

.PHONY: bench-match
bench-match: ## how well strangers are paired, beside hindsight, and what an arrival costs; ARGS=-quick
	scripts/bench-match $(ARGS)

.PHONY: bench-cluster
bench-cluster: ## the pool that nodes share in Redis: matches a second, Redis' CPU and memory, quality; ARGS=-quick
	scripts/bench-cluster $(ARGS)

.PHONY: simulate
simulate: ## what sites of up to 10,000,000 sessions need of Redis, as tables; ARGS=-quick
	scripts/simulate $(ARGS)

.PHONY: bench-ws
bench-ws: build ## the matchmaker's sockets: memory, joins, signalling, 100,000 sessions; ARGS=-quick
	scripts/bench-ws $(ARGS)

.PHONY: bench-ban
bench-ban: build ## the ban store with a million bans: look-ups, durable bans, import, start; ARGS=-quick
	scripts/bench-ban $(ARGS)

.PHONY: deb
deb: parts ## build dist/joingyd_VERSION_ARCH.deb for amd64 and arm64
	VERSION=$(VERSION) scripts/deb

.PHONY: deb-check
deb-check: parts ## build the packages twice and compare, lintian, install and purge (root, on Debian)
	VERSION=$(VERSION) scripts/deb-check

.PHONY: test-install
test-install: parts ## the package on a Debian under systemd in a container: calls, upgrade, purge, figures beside caddy and coturn (root; minutes)
	VERSION=$(VERSION) scripts/test-install

.PHONY: image
image: parts ## build the container image joingyd:VERSION with buildah
	VERSION=$(VERSION) scripts/image

.PHONY: screenshots
screenshots: build ## pictures of every page and state, in web/e2e/out
	cd web/e2e && node screenshots.js

.PHONY: pictures
pictures: build ## the README's pictures, into docs
	cd web/e2e && node pictures.js

.PHONY: clean
clean: ## remove what builds and tests made; ./var stays
	rm -rf bin dist web/e2e/node_modules web/e2e/out packaging/classifier/node_modules packaging/parts/node_modules web/parts/dist/* admin/desk/dist/*
