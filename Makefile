# Two commands: `make demo` and `make test`. Each installs what is missing (as root; otherwise it prints
# the line to run), builds, and runs.

PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
TARGET := $(or $(CARGO_TARGET_DIR),target)
BIN := $(TARGET)/release
SYSROOT := $(TARGET)/sysroot

.PHONY: all build deps check demo test test-long bench fuzz install install-files clean

all: build

# Compilers, libraries and emulators from the distribution. Quick when they are there.
deps:
	@.ci/deps

# After this, $(BIN)/popcorn-cc and $(BIN)/popcorn work in place.
build: deps
	cargo build --release --bins
	$(BIN)/popcorn sysroot --prefix $(SYSROOT) --jobs $(JOBS)

# Format, lints, documentation and shell scripts; nothing is run.
check: deps
	@.ci/check

# Lua, compiled once, hops around the ISAs while it works.
demo: build
	@testsuite/demo/run $(BIN)

# Every test there is; the last line is the total.
test: build
	@testsuite/run-tests

# The same programs at more hop distances and with more hops.
test-long: build
	@POPCORN_LONG=1 testsuite/run-tests

# Figures, one a line: `figure NAME VALUE UNIT target T ok|missed`.
bench: build
	@$(BIN)/popcorn-bench

# Ten million inputs for each reader of a format that comes from outside.
fuzz:
	@metadata/fuzz/run 10000000

# Programs, headers, libraries and the CMake toolchain file; all find each other wherever PREFIX is.
install: build install-files

install-files:
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/popcorn/sysroot $(DESTDIR)$(PREFIX)/share/popcorn
	install $(BIN)/popcorn-cc $(BIN)/popcorn $(BIN)/cargo-popcorn $(DESTDIR)$(PREFIX)/bin
	cp -R $(SYSROOT)/include $(SYSROOT)/lib $(DESTDIR)$(PREFIX)/lib/popcorn/sysroot
	install -m 644 toolchains/cmake/*.cmake $(DESTDIR)$(PREFIX)/share/popcorn

clean:
	cargo clean
