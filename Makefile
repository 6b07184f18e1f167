# make             build everything into build/release
# make check       build, lint, unit tests and bats tests (root: namespaces)
# make demo        five hosts in namespaces, a client and a server (root)
#                  (these two, bench and fuzz first install what they need)
# make lint        layers, headers, manual pages, shell, static analysis
# make asan        the same programs with sanitizers, in build/asan
# make fuzz        fuzz targets with sanitizers, each run for FUZZ_SECONDS
# make hunt        the same without, FUZZ_RUNS each; writes t/fuzz/LEDGER
#                  (nor is each comparison traced, which costs two thirds)
# make volume      FUZZ_RUNS of VOLUME without feedback, as fast as can be
# make keylog      build/keylog/bh-tunnel, which tells its session secrets
# make soak        the simulation with SIM times as many seeds
# make bench       against plain forwarding and wireguard-go (root)
# make mutate      what the tests would not notice: some hours (t/mutate -h)
# make micro       nanoseconds a packet, stage by stage
# make gallery     drawings of etc/examples, in build/release/gallery
# make install     into $(DESTDIR)$(PREFIX);  make uninstall takes it away
# make deps        install what check and bench need, on Debian

BUILD  ?= release
PREFIX ?= /usr/local
O      := build/$(BUILD)
CC     ?= cc
PKGS   := libpcap libsodium libb2 libcares

PROGS  := $(patsubst cmd/%.c,%,$(wildcard cmd/*.c))
SCRIPTS := $(patsubst cmd/%,%,$(filter-out %.c,$(wildcard cmd/*)))
# The shell has no modules: one program of parts, each about one thing.
BACKHAUL := $(sort $(wildcard cmd/backhaul/*.sh))
MANS   := $(wildcard man/*.[1-8])
UNITFILES := $(notdir $(wildcard contrib/systemd/*.service))
UNITS  := $(patsubst t/unit/%.c,$(O)/t/unit/%,$(wildcard t/unit/*/*_test.c)) \
	$(patsubst t/assume/%.c,$(O)/t/assume/%,$(wildcard t/assume/*.c))
# memcheck looks at what is no sanitizer's
CT     := $(if $(filter release,$(BUILD)),$(O)/t/ct/secrets)
FUZZ   := $(patsubst t/fuzz/%.c,%,$(wildcard t/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60
FUZZ_RUNS ?= 100000000
VOLUME ?= load
SIM ?= 100

# Debian has libipsec-mb for x86-64 only; without it libsodium does it all.
ifneq ($(wildcard /usr/include/intel-ipsec-mb.h),)
CPPFLAGS_IMB := -DHAVE_IPSEC_MB
LIBS_IMB     := -lIPSec_MB
endif

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wundef -Wwrite-strings \
	-Wcast-qual -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes
ifdef CI
WARN += -Werror
endif
# Those of the flags that compiler and libc have.  Loops are aligned so that what
# one does to the size of a function is not what another costs.
has = $(foreach f,$(1),$(shell echo '#include <stdlib.h>' | \
	$(CC) -O2 -Werror $(f) -c -o /dev/null -x c - 2>/dev/null && echo '$(f)'))
CFLAGS.release := -O2 -U_FORTIFY_SOURCE
ifeq ($(BUILD),release)
CFLAGS.release += $(call has,-D_FORTIFY_SOURCE=3 -fcf-protection \
	-fstack-clash-protection -ftrivial-auto-var-init=zero \
	-falign-loops=32)
endif
CFLAGS.asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS.fuzz    := $(CFLAGS.asan) -fsanitize=fuzzer-no-link
CFLAGS.trap    := -O2 -fsanitize=undefined -fsanitize-trap=undefined
CFLAGS.hunt    := $(CFLAGS.trap) -fsanitize=fuzzer-no-link \
	-fno-sanitize-coverage=trace-cmp
ALL_CFLAGS  = -std=c11 -g -MMD -MP -Ilib -I$(O) -D_GNU_SOURCE \
	-fstack-protector-strong -fno-strict-aliasing -fPIE $(CPPFLAGS_IMB) $(WARN) \
	$(CFLAGS.$(BUILD)) $(shell pkg-config --cflags $(PKGS)) $(CFLAGS)
ALL_LDFLAGS = $(CFLAGS.$(BUILD)) -pie -Wl,--as-needed,-z,relro,-z,now $(LDFLAGS)
LIBS        = $(shell pkg-config --libs $(PKGS)) -lnet $(LIBS_IMB)

# V=1 shows the commands
$(V).SILENT:

objs = $(patsubst %.c,$(O)/%.o,$(1))
LIB := $(call objs,$(wildcard lib/*/*.c))

all: $(PROGS:%=$(O)/%) $(SCRIPTS:%=$(O)/%)
.SECONDARY:

$(O)/bh-%: $(O)/cmd/bh-%.o $(O)/libbh.a
	echo "  LD $@"
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(O)/bh-bolt: LIBS += -lnftables

$(O)/bh-keep: $(O)/%: cmd/%
	mkdir -p $(@D)
	install -m 755 $< $@

$(O)/backhaul: $(BACKHAUL)
	mkdir -p $(@D)
	cat $^ >$@
	chmod 755 $@

$(O)/libbh.a: $(LIB)
	rm -f $@
	ar rcs $@ $^

$(O)/t/unit/%.o: ALL_CFLAGS += -It/unit
$(O)/t/unit/%: $(O)/t/unit/%.o $(O)/libbh.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(O)/t/unit/proc/sandbox_second_test: LIBS += -lseccomp

$(O)/t/assume/%: $(O)/t/assume/%.o
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(O)/t/bench/queue: $(O)/t/bench/lib/queues.o
$(O)/t/bench/queue: LIBS += -lm
$(O)/t/bench/%: $(O)/t/bench/%.o $(O)/libbh.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(O)/t/exhaust/%: $(O)/t/exhaust/%.o $(O)/libbh.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(O)/t/ct/%: $(O)/t/ct/%.o $(O)/libbh.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

build/keylog/bh-tunnel: $(O)/cmd/bh-tunnel.o $(O)/t/lib/keylog.o $(O)/libbh.a
	mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -Wl,--wrap=noise_create_initiation \
		-Wl,--wrap=noise_create_response -o $@ $^ $(LIBS)

$(O)/t/fuzz/%: $(O)/t/fuzz/%.o $(O)/libbh.a
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(O)/t/short/%: $(O)/t/fuzz/%.o $(O)/t/fuzz/main.o $(O)/libbh.a
	mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# another Makefile may have other flags
$(O)/%.o: %.c Makefile
	mkdir -p $(@D)
	echo "  CC $<"
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

-include $(shell find $(O) -name '*.d' 2>/dev/null)

units: $(UNITS) $(O)/t/bench/lib/flood $(CT) $(O)/t/exhaust/exhaust

keylog: build/keylog/bh-tunnel

shorts: $(FUZZ:%=$(O)/t/short/%)

# What is found while the Makefile is read may just have been installed.
check demo bench:
	contrib/deps $@
	$(MAKE) --no-print-directory $@-run

check-run: all units shorts keylog lint
	t/run $(O) $(UNITS) $(wildcard t/*.bats)

demo-run: all
	contrib/demo $(O)

gallery: all
	mkdir -p $(O)/gallery
	for f in etc/examples/*.ini; do \
		$(O)/bh-check -f $$f -g svg \
		    >$(O)/gallery/$$(basename $$f .ini).svg || exit; \
	done
	ls $(O)/gallery/*.svg

bench-run: all
	t/bench/run --only backhaul,bh-tunnel,wireguard-go,plain --reps 3 --secs 2

micro: $(patsubst t/bench/%.c,$(O)/t/bench/%,$(wildcard t/bench/*.c))
	for b in $^; do $$b; done

mutate:
	t/mutate

lint:
	t/lint/run

asan:
	$(MAKE) BUILD=asan all units shorts

fuzz:
	contrib/deps fuzz
	$(MAKE) BUILD=fuzz CC=clang FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz-run
fuzz-run: $(FUZZ:%=$(O)/t/fuzz/%)
	t/fuzz/run -max_total_time=$(FUZZ_SECONDS) $^

hunt:
	contrib/deps fuzz
	LEDGER=t/fuzz/LEDGER $(MAKE) BUILD=hunt CC=clang hunt-run
hunt-run: $(FUZZ:%=$(O)/t/fuzz/%)
	t/fuzz/run -runs=$(FUZZ_RUNS) $^

volume:
	contrib/deps fuzz
	LEDGER=t/fuzz/LEDGER $(MAKE) BUILD=trap CC=clang volume-run
volume-run: $(VOLUME:%=$(O)/t/short/fuzz_%)
	t/fuzz/volume $(FUZZ_RUNS) $^

soak: $(O)/t/unit/wg/sim_test
	SIM=$(SIM) $<

deps:
	contrib/deps

B := $(DESTDIR)$(PREFIX)
install: all
	install -d $(B)/sbin $(B)/share/man $(DESTDIR)/etc/backhaul
	install -m 755 $(PROGS:%=$(O)/%) $(SCRIPTS:%=$(O)/%) $(B)/sbin
	for m in $(MANS); do \
		install -D -m 644 $$m $(B)/share/man/man$${m##*.}/$${m##*/}; \
	done
	install -D -m 644 contrib/completion/backhaul.bash \
		$(B)/share/bash-completion/completions/backhaul
	for p in $(PROGS) bh-keep; do ln -sf backhaul \
		$(B)/share/bash-completion/completions/$$p; done
	install -d $(B)/share/doc/backhaul/examples
	install -m 644 etc/backhaul.ini README $(B)/share/doc/backhaul
	install -m 644 etc/examples/*.ini $(B)/share/doc/backhaul/examples
	install -d $(DESTDIR)/usr/lib/systemd/system
	for u in $(UNITFILES); do \
		sed 's,/usr/local,$(PREFIX),' contrib/systemd/$$u \
		    >$(DESTDIR)/usr/lib/systemd/system/$$u || exit; \
	done
	install -D -m 644 contrib/sysusers.d/backhaul.conf \
		$(DESTDIR)/usr/lib/sysusers.d/backhaul.conf

uninstall:
	rm -f $(PROGS:%=$(B)/sbin/%) $(SCRIPTS:%=$(B)/sbin/%)
	for m in $(MANS); do \
		rm -f $(B)/share/man/man$${m##*.}/$${m##*/}; done
	for p in $(SCRIPTS) $(PROGS); do \
		rm -f $(B)/share/bash-completion/completions/$$p; done
	rm -rf $(B)/share/doc/backhaul
	rm -f $(UNITFILES:%=$(DESTDIR)/usr/lib/systemd/system/%)
	rm -f $(DESTDIR)/usr/lib/sysusers.d/backhaul.conf

clean:
	rm -rf build

.PHONY: all units keylog check check-run demo demo-run gallery bench \
	bench-run micro mutate lint asan fuzz fuzz-run hunt hunt-run volume \
	volume-run shorts soak deps install uninstall clean
