# dbaas_fdw: a foreign data wrapper for the Exoscale DBaaS management API
#
# all, install, installcheck, clean and the rest are PGXS's own.  "make help"
# lists what is added to them.

# Where the sources are; what is built goes into the directory that make runs in,
# and is the same wherever both of them are: bitcode remembers the path
override srcdir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
override srcdir := $(or $(shell realpath --relative-to=. $(srcdir) 2>/dev/null),$(srcdir))
sources = $(patsubst $(srcdir)/%,%,$(sort $(wildcard $(addprefix $(srcdir)/,$(1)))))

MODULE_big = dbaas_fdw
OBJS = dbaas_fdw.o $(patsubst %.c,%.o,$(call sources,src/*/*.c))
PGFILEDESC = "dbaas_fdw - foreign data wrapper for the Exoscale DBaaS API"

EXTENSION = dbaas_fdw
# The one place that has the version
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(srcdir)/$(EXTENSION).control)
# The first version's script and the updates from each version to the next:
# CREATE EXTENSION runs them one after the other.  The newest is made of parts
scripts = $(call sources,sql/dbaas_fdw--*.sql)
parts = $(wildcard $(addprefix $(srcdir)/sql/,history.sql history_collect.sql history_views.sql))
DATA_built = $(patsubst sql/%,built/%,$(filter %--$(EXTVERSION).sql,$(scripts)))
DATA = $(filter-out sql/$(notdir $(DATA_built)),$(scripts))

# In the order they run.  sql/ also holds the install script, so no wildcard.
REGRESS = smoke tables keys parameters logs queries import options user_tables declared views upgrade errors diagnostics functions write write_guards write_forms queued in_use plans forecasts changes access wholes external_endpoints
# Each test gets a simulator of its own, with the same data every time
REGRESS_OPTS = --launcher=$(srcdir)/test/with-simulator
# Whatever the running PostgreSQL's encoding and locale are
REGRESS_OPTS += --encoding=UTF8 --no-locale
REGRESS_PREP = may-installcheck
# The simulator that they start: the caller's, or else what is built here
ifndef DBAAS_SIM
DBAAS_SIM = $(CURDIR)/sim/dbaas-sim
REGRESS_PREP += sim
endif
export DBAAS_SIM

PKG_CONFIG ?= pkg-config
PG_CPPFLAGS = -I$(srcdir)/src -DDBAAS_FDW_VERSION='"$(EXTVERSION)"' $(shell $(PKG_CONFIG) --cflags libcurl json-c 2>/dev/null)
# PostgreSQL's own default since 16: what is for the inside stays there
PG_CFLAGS = -fvisibility=hidden
SHLIB_LINK = $(shell $(PKG_CONFIG) --libs libcurl json-c 2>/dev/null)

EXTRA_CLEAN = test/results .built-for built $(addprefix test/fuzzers/,files libfuzzer found) test/json/values bench/floor

PG_CONFIG ?= pg_config
pg_config = $(shell $(PG_CONFIG) --$(1) 2>/dev/null)
# Nothing, unless it is a pg_config: other programs have versions too
PG_VERSION := $(shell $(PG_CONFIG) --version 2>/dev/null | grep '^PostgreSQL [0-9]')
PG_MAJOR := $(firstword $(subst ., ,$(word 2,$(PG_VERSION))))
PG_INCLUDES := $(call pg_config,includedir-server)
PGXS := $(call pg_config,pgxs)

# A PostgreSQL with sanitizers: the simulator has them too, and the extension all
# of them, that for signed overflow as well, which PostgreSQL allows (-fwrapv)
SANITIZE := $(findstring -fsanitize,$(call pg_config,cflags))
ifneq ($(SANITIZE),)
PG_CFLAGS += -fno-wrapv -fsanitize=undefined,float-cast-overflow
endif

# Goals that must work where nothing is installed yet: they install it first
# and come back here
FROM_NOTHING = help version deps docs demo report many-servers \
	test steady check-warnings format lint majors portability bare deb \
	assertions valgrind fuzz joins jobs history kill soak mutate clients \
	bench scale \
	upgrades dist release-check
GOALS := $(filter-out $(FROM_NOTHING) sim,$(or $(MAKECMDGOALS),all))

.DEFAULT_GOAL = all

# $(call need,COMMAND THAT SUCCEEDS,WHAT IS MISSING,PACKAGE)
need = $(if $(shell ($(1)) >/dev/null 2>&1 && echo found),,\
	$(error $(2) not found: install Debian package $(3), or run "make deps" to install all that is needed))
need_lib = $(call need,$(PKG_CONFIG) --exists $(1),$(1),$(2))
need_tools = $(call need,command -v $(firstword $(CC)),$(CC),gcc)\
	$(call need,command -v $(PKG_CONFIG),$(PKG_CONFIG),pkg-config)

# A pg_config proves nothing: libpq-dev and postgresql-client-NN have one, and
# the latter has pgxs.mk too, without the headers
ifneq ($(GOALS),)
ifeq ($(PG_VERSION),)
ifeq ($(PG_CONFIG),pg_config)
$(call need,false,pg_config,postgresql-server-dev-15 (or of a later major))
endif
$(error PG_CONFIG=$(PG_CONFIG) is not the pg_config of a PostgreSQL)
endif
ifneq ($(shell test $(PG_MAJOR) -lt 15 2>/dev/null && echo old),)
$(error dbaas_fdw needs PostgreSQL 15 or later; PG_CONFIG=$(PG_CONFIG) is of $(PG_VERSION))
endif
$(call need,test -f $(PGXS),$(PGXS) of $(PG_VERSION),postgresql-server-dev-$(PG_MAJOR))
$(call need,test -f $(PG_INCLUDES)/postgres.h,$(PG_INCLUDES)/postgres.h,postgresql-server-dev-$(PG_MAJOR))
endif

# PGXS takes srcdir from VPATH.  Behind it, what was built where the sources
# are must not be taken for what is to be built here
override VPATH := $(srcdir)
ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
endif
override srcdir := $(VPATH)
override VPATH :=
vpath %.c $(srcdir)
vpath %.control $(srcdir)

ifneq ($(filter-out clean distclean maintainer-clean uninstall installcheck,$(GOALS)),)
$(need_tools)
$(call need_lib,libcurl,libcurl4-openssl-dev)
$(call need_lib,json-c,libjson-c-dev)
ifeq ($(with_llvm),yes)
$(if $(shell command -v $(CLANG)),,$(error $(CLANG) not found, which PostgreSQL was built with: install it, or add with_llvm=no))
endif
endif

# What was built remembers for which PostgreSQL; for another all is built anew.
# make 4.3 sometimes leaves the newline at the end of a file that it reads
BUILT_FOR := $(strip $(PG_VERSION) $(PG_INCLUDES) $(call pg_config,configure))
ifneq ($(strip $(file <.built-for)),$(BUILT_FOR))
.PHONY: .built-for
endif
.built-for: export BUILT_FOR := $(BUILT_FOR)
.built-for:
	@mkdir -p $(sort $(dir $(OBJS))) && printf '%s\n' "$$BUILT_FOR" >$@
$(OBJS) $(OBJS:.o=.bc): .built-for

# Few and quick to compile, so any header recompiles all
$(OBJS) $(OBJS:.o=.bc): $(wildcard $(srcdir)/src/*/*.h) $(srcdir)/$(EXTENSION).control

$(DATA_built): $(srcdir)/sql/$(notdir $(DATA_built)) $(parts)
	@mkdir -p $(@D) && cat $^ >$@

# The scripts call make again, with the settings that matter
export PG_CONFIG

.PHONY: $(FROM_NOTHING) sim bench-page scale-page clean-sim

help:
	@echo 'make                 build the extension'
	@echo 'make install         install it into the PostgreSQL of PG_CONFIG'
	@echo 'make installcheck    run the SQL tests on a running PostgreSQL'
	@echo 'make sim             build the simulator, sim/dbaas-sim'
	@echo 'make clean           remove what was built'
	@echo
	@echo 'These install what is missing, and need nothing to be running:'
	@echo 'make demo            show it, on a PostgreSQL and a simulator that vanish afterwards'
	@echo 'make report          make report.html, the report of a simulated organisation; FILE names another'
	@echo 'make many-servers    show three of them behind a coordinator, the same way'
	@echo 'make test            build and run every test, the same way'
	@echo 'make steady          run tests 20 times beside busy loops, and say what was not the same'
	@echo 'make check-warnings  build with -Wall -Wextra -Werror'
	@echo 'make format          format the C sources with pgindent; with CHECK=1 only say what differs'
	@echo 'make lint            look for mistakes with the analyzers for C, Perl, shell and spelling'
	@echo 'make majors          build and test on PostgreSQL 17 and 18, each in a Debian of its own'
	@echo 'make portability     build and test for other processors, compilers and libraries'
	@echo 'make bare            the demo and the tests in a Debian that lacks most of what they need'
	@echo 'make deb             build Debian packages for PostgreSQL 15, 17 and 18, and install and test them'
	@echo 'make assertions      run the tests on a PostgreSQL with assertions and sanitizers'
	@echo 'make valgrind        read every table under valgrind'
	@echo 'make fuzz            give random texts, requests, answers and statements to whatever reads them'
	@echo 'make joins           run some thousand random joins and queries, with and without looking ahead'
	@echo 'make jobs            try every pair of writes in a transaction, and reports with each request failing'
	@echo 'make history         collect a history for some hundred rounds while collections are killed'
	@echo 'make kill            end a transaction that writes, in each way and at each of its requests'
	@echo 'make soak            50 sessions for 10 minutes at an API that fails, and a ledger of what they were told'
	@echo 'make clients         run drivers, ORMs and other clients of PostgreSQL against it'
	@echo 'make mutate          put mended defects back, one by one, and see a test fail for each'
	@echo 'make bench           measure it beside other programs that make the same requests'
	@echo 'make bench-page      put the newest results of that into doc/performance.md'
	@echo 'make scale           measure where one PostgreSQL ends, and what several do'
	@echo 'make scale-page      put the newest results of that into doc/scale.md'
	@echo 'make dist            make the archive for the PostgreSQL Extension Network'
	@echo 'make upgrades        build every released version, and walk from each to this one'
	@echo 'make release-check   run all checks of a release, and print one table; CHECKS chooses some'
	@echo 'make docs            write the generated parts of README.md and doc/ anew'
	@echo 'make deps            only install what is missing'
	@echo
	@echo 'PG_CONFIG=/path/to/pg_config chooses the PostgreSQL.'

deps:
	@$(srcdir)/test/install-deps

make_sim = mkdir -p sim && $(MAKE) --no-print-directory -C sim \
	-f $(if $(filter /%,$(srcdir)),,../)$(srcdir)/sim/Makefile $(if $(SANITIZE),SANITIZE=1)

sim:
	@: $(need_tools) \
		$(call need_lib,libmicrohttpd,libmicrohttpd-dev) \
		$(call need_lib,json-c,libjson-c-dev) \
		$(call need_lib,libcrypto,libssl-dev) \
		$(call need_lib,zlib,zlib1g-dev)
	@+$(make_sim)

# What it needs is said in a line, in place of what pg_regress makes of it
.PHONY: may-installcheck
may-installcheck:
	@$(srcdir)/test/may-installcheck

# What doc/facts.sql prints goes through a file, so that its failure is one
docs:
	@facts=$$(mktemp) && trap 'rm -f "$$facts"' EXIT && trap 'exit 130' INT && \
		$(srcdir)/test/throwaway test/with-simulator psql -X -q -v ON_ERROR_STOP=1 \
			-f doc/facts.sql >"$$facts" && $(srcdir)/doc/generate <"$$facts"

demo:
	@$(srcdir)/test/throwaway examples/demo

many-servers:
	@$(srcdir)/test/throwaway examples/many-servers/start

report: FILE ?= report.html
report:
	@rm -f '$(FILE).new'; trap 'rm -f "$(FILE).new"' EXIT; trap 'exit 130' INT; \
		$(srcdir)/test/throwaway examples/report/demo 7>'$(FILE).new' && \
		mv '$(FILE).new' '$(FILE)' && echo 'It is in $(FILE): open it in a browser.'

# The test of the report skips what it cannot do without a browser
test:
	@$(srcdir)/test/install-deps browser || echo 'Going on without a browser.'
	@$(srcdir)/test/throwaway test/run

# TESTS='test/t/203_writes_failures.pl' chooses, RUNS=5 says how often
steady:
	@$(srcdir)/test/install-deps
	@RUNS='$(RUNS)' SEED='$(SEED)' $(srcdir)/test/throwaway test/steady $(TESTS)

# TESTS='sql 20 352' chooses some (see test/run), MAJOR=17 the PostgreSQL
assertions:
	@$(srcdir)/test/assertions $(TESTS)

check-warnings:
	@$(srcdir)/test/install-deps
	@$(srcdir)/test/warnings

# FILES='src/api sim/main.c' chooses what
format:
	@$(srcdir)/test/format $(if $(CHECK),--check) $(FILES)

dist:
	@$(srcdir)/test/dist

upgrades:
	@$(srcdir)/test/upgrades

release-check:
	@$(srcdir)/test/release-check $(CHECKS)

version:
	@echo $(EXTVERSION)

# LINT='shell perl' chooses parts of it; make has a default of its own
ifeq ($(origin LINT),default)
LINT =
endif
lint:
	@$(srcdir)/test/lint $(LINT)

majors:
	@$(srcdir)/test/majors $(MAJORS)

# PARTS='i386 s390x' chooses
portability:
	@$(srcdir)/test/install-deps
	@$(srcdir)/test/portability $(PARTS)

bare:
	@$(srcdir)/test/bare $(MACHINES)

deb:
	@$(srcdir)/test/deb $(MAJORS)

valgrind:
	@$(srcdir)/test/install-deps valgrind
	@$(srcdir)/test/throwaway --no-start test/valgrind

# What json-c reads, for a test that compares it with what a backend reads
test/json/values: $(srcdir)/test/json/values.c
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra $(shell $(PKG_CONFIG) --cflags json-c) $< -o $@ \
		$(shell $(PKG_CONFIG) --libs json-c)

# FUZZ='readers sql' chooses parts, FUZZ_SECONDS=60 how long each takes
fuzz:
	@$(srcdir)/test/fuzz $(FUZZ)

joins:
	@$(srcdir)/test/install-deps
	@DBAAS_RANDOM_COUNT=$${DBAAS_RANDOM_COUNT:-2500} $(srcdir)/test/throwaway prove test/t/352_random_joins.pl test/t/390_random_queries.pl

jobs:
	@$(srcdir)/test/install-deps
	@DBAAS_RANDOM_COUNT=$${DBAAS_RANDOM_COUNT:--1} $(srcdir)/test/throwaway prove test/t/132_reports_failing.pl test/t/238_write_sequences.pl

history:
	@$(srcdir)/test/install-deps
	@DBAAS_RANDOM_COUNT=$${DBAAS_RANDOM_COUNT:-600} $(srcdir)/test/throwaway prove test/t/405_history_once.pl

kill:
	@$(srcdir)/test/install-deps
	@DBAAS_RANDOM_COUNT=$${DBAAS_RANDOM_COUNT:-0} $(srcdir)/test/throwaway prove test/t/521_kill.pl test/t/522_full_disk.pl

soak:
	@$(srcdir)/test/install-deps
	@SOAK_SESSIONS=$${SOAK_SESSIONS:-50} SOAK_SECONDS=$${SOAK_SECONDS:-600} $(srcdir)/test/throwaway prove -v test/t/520_soak.pl

# CLIENTS='psycopg jdbc' chooses
clients:
	@$(srcdir)/test/clients/run $(CLIENTS)

# MUTATIONS='021 13*' chooses; with QUICK=1 only the tests that each names are run
mutate:
	@$(srcdir)/test/install-deps
	@$(srcdir)/test/throwaway test/mutate

bench/floor: bench/floor.c
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra $(shell $(PKG_CONFIG) --cflags libcurl json-c libcrypto) $< -o $@ \
		$(shell $(PKG_CONFIG) --libs libcurl json-c libcrypto)

# BENCH='a c' chooses cases, ROUNDS=5 how often each is measured
bench:
	@$(srcdir)/bench/measure $(BENCH)

bench-page:
	@$(srcdir)/bench/page $(RESULTS)

# SCALE='nodes sessions' chooses parts, ROUNDS=5 how often each is measured
scale:
	@$(srcdir)/test/install-deps
	@mkdir -p $(srcdir)/bench/results
	@bash -o pipefail -c '$(srcdir)/test/throwaway --no-start bench/scale $(SCALE) | \
		tee "$(srcdir)/bench/results/scale-$$(date +%Y-%m-%d-%H%M%S).md"'

scale-page:
	@$(srcdir)/bench/scale --page \
		$(or $(RESULTS),$(lastword $(sort $(wildcard $(srcdir)/bench/results/scale-*.md))))

clean: clean-sim
clean-sim:
	@+$(make_sim) clean
