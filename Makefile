# dbaas_fdw: a foreign data wrapper for the Exoscale DBaaS management API
#
# all, install, installcheck, clean and the rest are PGXS's own.  "make help"
# lists what is added to them.

MODULE_big = dbaas_fdw
OBJS = dbaas_fdw.o $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))
PGFILEDESC = "dbaas_fdw - foreign data wrapper for the Exoscale DBaaS API"

EXTENSION = dbaas_fdw
# The first version's script and the updates from each version to the next:
# CREATE EXTENSION runs them one after the other
DATA = $(sort $(wildcard sql/dbaas_fdw--*.sql))

# In the order they run.  sql/ also holds the install script, so no wildcard.
REGRESS = smoke tables keys parameters logs queries import options user_tables errors functions write write_guards write_forms plans
# Each test gets a simulator of its own, with the same data every time
REGRESS_OPTS = --launcher=test/with-simulator
REGRESS_PREP = sim

PKG_CONFIG ?= pkg-config
PG_CPPFLAGS = $(shell $(PKG_CONFIG) --cflags libcurl json-c 2>/dev/null)
SHLIB_LINK = $(shell $(PKG_CONFIG) --libs libcurl json-c 2>/dev/null)

EXTRA_CLEAN = test/results

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

# Goals that must work where nothing is installed yet: they install it first
# and come back here
FROM_NOTHING = help deps demo test valgrind check-warnings majors

.DEFAULT_GOAL = all

# $(call need,COMMAND THAT SUCCEEDS,WHAT IS MISSING,PACKAGE)
need = $(if $(shell ($(1)) >/dev/null 2>&1 && echo found),,\
	$(error $(2) not found: install Debian package $(3), or run "make deps" to install all that is needed))
need_lib = $(call need,$(PKG_CONFIG) --exists $(1),$(1),$(2))
need_tools = $(call need,command -v $(firstword $(CC)),$(CC),gcc)\
	$(call need,command -v $(PKG_CONFIG),$(PKG_CONFIG),pkg-config)

ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
else ifneq ($(filter-out $(FROM_NOTHING) sim,$(or $(MAKECMDGOALS),all)),)
# libpq-dev brings a pg_config too, but without the files that it points to
$(error PostgreSQL's build files not found (PG_CONFIG=$(PG_CONFIG)): install \
	Debian package postgresql-server-dev-15 (or of another major from 15 on), \
	or run "make deps" to install all that is needed)
endif

ifneq ($(filter-out $(FROM_NOTHING) sim clean distclean uninstall,$(or $(MAKECMDGOALS),all)),)
$(need_tools)
$(call need_lib,libcurl,libcurl4-openssl-dev)
$(call need_lib,json-c,libjson-c-dev)
endif

# Few and quick to compile, so any header recompiles all
$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*.h)

# The scripts call make again, with the settings that matter
export PG_CONFIG

.PHONY: help deps sim demo test check-warnings majors valgrind clean-sim

help:
	@echo 'make                 build the extension'
	@echo 'make install         install it into the PostgreSQL of PG_CONFIG'
	@echo 'make installcheck    run the SQL tests on a running PostgreSQL'
	@echo 'make sim             build the simulator, sim/dbaas-sim'
	@echo 'make clean           remove what was built'
	@echo
	@echo 'These install what is missing, and need nothing to be running:'
	@echo 'make demo            show it, on a PostgreSQL and a simulator that vanish afterwards'
	@echo 'make test            build and run every test, the same way'
	@echo 'make check-warnings  build with -Wall -Wextra -Werror'
	@echo 'make majors          build and test on PostgreSQL 17 and 18, each in a Debian of its own'
	@echo 'make valgrind        read every table under valgrind'
	@echo 'make deps            only install what is missing'
	@echo
	@echo 'PG_CONFIG=/path/to/pg_config chooses the PostgreSQL.'

deps:
	@test/install-deps

sim:
	@: $(need_tools) \
		$(call need_lib,libmicrohttpd,libmicrohttpd-dev) \
		$(call need_lib,json-c,libjson-c-dev) \
		$(call need_lib,libcrypto,libssl-dev) \
		$(call need_lib,zlib,zlib1g-dev)
	@$(MAKE) --no-print-directory -C sim

demo:
	@test/throwaway examples/demo

test:
	@test/throwaway test/run

check-warnings:
	@test/install-deps
	@test/warnings

majors:
	@test/majors $(MAJORS)

valgrind:
	@test/throwaway --no-start test/valgrind

clean: clean-sim
clean-sim:
	@$(MAKE) --no-print-directory -C sim clean
