# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# cellws: `make` builds ./cellctl and the example genes; `make help` lists the targets; V=1 shows the commands.

CC        ?= cc
CLANG     ?= clang
BPFTOOL   ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)
PKGS      := libbpf libelf zlib libsodium libseccomp jansson libconfuse sqlite3
B         := build
Q         := $(if $(V),,@)
say        = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(2)')

WARN      := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Werror
HARDEN    := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -fstack-clash-protection -fcf-protection
CFLAGS    ?= -O2 -g
ALL_C     := -std=gnu17 -D_GNU_SOURCE $(WARN) $(HARDEN) -Iinclude -Iuser -I$(B) -MMD -MP $(CFLAGS)
LDFLAGS   ?= -pie -Wl,-z,relro,-z,now,--as-needed
LIBS       = $(shell pkg-config --libs $(PKGS)) -ldl

BPF_ARCH  := $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')
BPF_C     := -std=gnu17 -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Wextra -Wshadow -Werror \
             -Wno-unused-parameter -Wno-missing-declarations -Iinclude -Ivmlinux -Ibpf -MMD -MP

ORGANS    := $(sort $(wildcard bpf/*.bpf.c))
# lineage and skin define the maps that the others declare: they come first.
DEFINE_O  := $(B)/bpf/lineage.bpf.o $(B)/bpf/skin.bpf.o
ORGAN_O   := $(DEFINE_O) $(filter-out $(DEFINE_O),$(ORGANS:%.bpf.c=$(B)/%.bpf.o))
USER      := $(sort $(wildcard user/*/*.c))
USER_O    := $(USER:%.c=$(B)/%.o)
# What a test may call: everything but main().
BODY_O    := $(filter-out $(B)/user/cellctl/main.o,$(USER_O))
EXAMPLES  := $(sort $(wildcard user/genes/examples/*.c))
GENES     := $(EXAMPLES:user/genes/examples/%.c=$(B)/genes/%.so)
TEST_LIB  := $(sort $(wildcard tests/lib/*.c))
TEST_GENE := $(patsubst tests/lab/genes/%.c,$(B)/tests/genes/%.so,$(sort $(wildcard tests/lab/genes/*.c)))
FUZZERS   := $(sort $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c)))
FLOORS    := unit bpf lab crash

.DEFAULT_GOAL := all
.PHONY: all run check check-long test unit bpf lab crash fuzz fuzz-short simulate settle model flood bench browse lint format clean help setup
.DELETE_ON_ERROR:

all: cellctl $(GENES) ## build ./cellctl and the example genes (default)

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_C) -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(B)/cellws.bpf.o: $(ORGAN_O)
	$(call say,LINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(B)/cellws.skel.h: $(B)/cellws.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name cellws > $@

$(B)/user/%.o: user/%.c | $(B)/cellws.skel.h
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_C) -c $< -o $@

$(B)/user/dna/default.o: dna.conf

cellctl: $(USER_O)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

define gene
	@mkdir -p $(@D)
	$(call say,GENE,$@)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -shared -Iinclude $< -o $@
endef

$(B)/genes/%.so: user/genes/examples/%.c include/cellws/gene.h
	$(gene)

$(B)/tests/genes/%.so: tests/lab/genes/%.c include/cellws/gene.h
	$(gene)

$(B)/tests/%.o: tests/%.c | $(B)/cellws.skel.h
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_C) -Itests/lib -c $< -o $@

define floor
$(B)/tests/$(1)_floor: $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/$(1)/*.c)) $(TEST_LIB)) $(BODY_O)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS) $$^ $$(LIBS) -lcriterion -o $$@
$(1): all $(B)/tests/$(1)_floor
	$(B)/tests/$(1)_floor $(2)
endef
$(eval $(call floor,unit,-j2))
$(eval $(call floor,bpf,-j1))
$(eval $(call floor,lab,-j1))
$(eval $(call floor,crash,-j1))
lab crash: $(TEST_GENE)

check-long: ## the crash points again, ten times as many instructions
	$(Q)CRASH_POINTS=2000 $(MAKE) --no-print-directory crash

$(B)/fuzz/%: tests/fuzz/%.c $(wildcard user/http/*.c user/dna/*.c user/link/*.c user/secret/*.c) user/immune/automaton.c user/immune/normalise.c dna.conf
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) -std=gnu17 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -Iinclude -Iuser -Itests/lib \
		$(filter %.c,$^) $(shell pkg-config --libs libconfuse libsodium) -ldl -o $@

$(B)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) $< -o $@

fuzz-short: $(FUZZERS) ## every fuzz target for a few seconds, from the seeds
	$(Q)tests/fuzz/run $(B)/fuzz 10

fuzz: $(FUZZERS) ## every fuzz target for ten minutes
	$(Q)tests/fuzz/run $(B)/fuzz 600

# The cells' own decisions, without cells: nothing of the kernel is needed.
SIMULATE  := $(sort $(wildcard tests/simulate/*.c)) user/cells/fate.c user/cells/need.c

$(B)/simulate/colony: $(SIMULATE) $(wildcard tests/simulate/*.h include/shared/*.h) user/cells/fate.h user/cells/need.h
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(HARDEN) -Iinclude -Iuser $(CFLAGS) $(SIMULATE) -pie -lm -o $@

simulate: $(B)/simulate/colony ## how colonies of 1 to 10 000 cells settle, drawn to build/simulate/*.png; needs gnuplot
	$(Q)tools/simulate

settle: $(B)/simulate/colony ## that simulated colonies settle, in a second
	$(Q)$(B)/simulate/colony --check

model: ## search every state of the models of adoption, queue and requeueing with spin
	$(Q)tests/model/run $(B)/model

setup: ## install what is missing (Debian packages) and mount bpffs; needs root
	$(Q)tools/setup

run: ## sudo make run: install what is missing, build, run the embedded default on lo
	$(Q)tools/setup run
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tools/run

test: all unit settle model bpf lab crash fuzz-short ## every test, without installing anything

check: setup ## sudo make check: install what is missing, build, pass every test
	$(Q)$(MAKE) --no-print-directory test

flood: all $(B)/tests/lab_floor ## floods against live clients, long and strict; wants a machine with nothing else to do
	FLOOD_LONG=1 $(B)/tests/lab_floor -j1 --filter 'lab_91_flood/*'

bench: all $(B)/bench/bare_loop ## what a request, a packet and a ban cost on this machine, beside nginx and xdp-filter
	$(Q)tools/bench
	$(Q)tools/bench_ban

browse: all ## a browser (chromium, not installed by setup) reads a site's files; nothing may be refused
	$(Q)tools/browse

lint: ## what a script can check of the house style
	$(Q)tools/lint

format: ## clang-format the tree
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h' | grep -v '^vmlinux/')

clean: ## remove everything that was built
	rm -rf $(B) cellctl

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo 'unit bpf lab crash  one floor of tests each'

-include $(shell find $(B) -name '*.d' 2>/dev/null)
