/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rules for tests of the bus, and actors that take one order after the other over a socket. */
#include "bus_rig.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cellws.skel.h"

struct order {
	int program;
	uint32_t n; /* bytes of call; 0: end */
	union {
		struct bus_call bus;
		struct gland_call gland;
		uint8_t any[256];
	} call;
};

static const struct constitution common = {
	.attenuation_q16 = Q16_ONE / 2,
	.floor_q16 = 1,
	.hops_max = 6,
	.half_life_ms = 2000,
	.secretions_per_s = BUS_FAST,
	.answer_ms = 1000,
	.prompt_ms = 2000,
	.ballot_ms = 60000,
	.cap_q16 = { [CLASS_NEURON] = Q16_ONE,
		[CLASS_BLOOD] = 60000,
		[CLASS_DRONE] = 30000,
		[CLASS_STEM] = 6000,
		[CLASS_TCELL] = 50000,
		[CLASS_GAMETE] = 5000 },
	.may_kill = 1,
};

void bus_rule(struct bus_rig *rig)
{
	__u32 zero = 0;

	cr_assert(!bpf_map_update_elem(rig->map.constitution, &zero, &rig->rules, BPF_ANY));
}

void bus_open(struct bus_rig *rig)
{
	struct cellws *skel;

	kin_open(&rig->kin);
	skel = rig->kin.skel;
#define PROGRAM(name) .name = bpf_program__fd(skel->progs.gland_##name)
	rig->run = (struct bus_programs){ PROGRAM(secrete), PROGRAM(relay), PROGRAM(vote), PROGRAM(pulse), PROGRAM(prompt),
		PROGRAM(prove) };
#undef PROGRAM
#define MAP(name) .name = bpf_map__fd(skel->maps.name)
	rig->map = (struct bus_maps){ MAP(constitution), MAP(receptors), MAP(molecules), MAP(ballots), MAP(pulses),
		MAP(proofs), MAP(events) };
#undef MAP
	rig->rules = common;
	bus_rule(rig);
}

void bus_close(struct bus_rig *rig)
{
	kin_close(&rig->kin);
}

_Noreturn static void act(int wire)
{
	struct order o;

	/* Whatever becomes of the test, nothing of it stays. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	alarm(KIN_LIFE_S);
	while (recv(wire, &o, sizeof(o), 0) == sizeof(o) && o.n) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &o.call, .ctx_size_in = o.n);

		if (bpf_prog_test_run_opts(o.program, &opts))
			_exit(99);
		if (send(wire, &o, sizeof(o), MSG_NOSIGNAL) != sizeof(o))
			_exit(98);
	}
	_exit(0);
}

void actor_start(struct bus_rig *rig, struct actor *a, uint32_t slot, int class, uint32_t mother)
{
	struct cell c;
	int ends[2];

	cr_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
	a->slot = slot;
	a->wire = ends[0];
	a->pid = fork();
	cr_assert_geq(a->pid, 0);
	if (!a->pid)
		act(ends[1]);
	close(ends[1]);
	if (slot == CELL_NOBODY)
		return;
	kin_enter(&rig->kin, slot, a->pid, class);
	kin_cell(&rig->kin, slot, &c);
	c.mother = mother;
	cr_assert(!bpf_map_update_elem(rig->kin.cells, &slot, &c, BPF_ANY));
}

void actors_start(struct bus_rig *rig, struct actor *a, unsigned n, int class)
{
	for (unsigned i = 0; i < n; i++)
		actor_start(rig, &a[i], i, class, CELL_NOBODY);
}

static void give(struct actor *a, struct order *o)
{
	cr_assert_eq(send(a->wire, o, sizeof(*o), MSG_NOSIGNAL), sizeof(*o), "slot %u is gone", a->slot);
	cr_assert_eq(recv(a->wire, o, sizeof(*o), 0), sizeof(*o), "slot %u has gone at a call", a->slot);
}

/* An answer that no program gives stands there before: a program that writes none is noticed. */
uint32_t actor_call(struct actor *a, int program, struct bus_call *call)
{
	struct order o = { .program = program, .n = sizeof(*call), .call.bus = *call };

	o.call.bus.answer = 0xffff;
	give(a, &o);
	*call = o.call.bus;
	return call->answer;
}

uint32_t actor_gland(struct actor *a, int program, struct gland_call *call)
{
	struct order o = { .program = program, .n = sizeof(*call), .call.gland = *call };

	o.call.gland.answer = 0xffff;
	give(a, &o);
	*call = o.call.gland;
	return call->answer;
}

void actor_run(struct actor *a, int program, void *call, uint32_t n)
{
	struct order o = { .program = program, .n = n };

	cr_assert_leq(n, sizeof(o.call.any));
	memcpy(o.call.any, call, n);
	give(a, &o);
	memcpy(call, o.call.any, n);
}

int actor_end(struct actor *a)
{
	struct order o = { .n = 0 };
	int status = -1;

	if (!a->pid)
		return -1;
	send(a->wire, &o, sizeof(o), MSG_NOSIGNAL);
	cr_assert_eq(waitpid(a->pid, &status, 0), a->pid);
	close(a->wire);
	a->pid = 0;
	return status;
}

void actors_end(struct actor *a, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		actor_end(&a[i]);
}

int actor_fate(struct actor *a)
{
	int status;

	for (int i = 0; i < 1000; i++) {
		if (waitpid(a->pid, &status, WNOHANG) == a->pid) {
			close(a->wire);
			a->pid = 0;
			return status;
		}
		usleep(1000);
	}
	return -1;
}

uint32_t actor_secrete(struct bus_rig *rig, struct actor *a, uint32_t kind, uint32_t class, uint32_t strength, uint64_t *molecule)
{
	struct bus_call call = { .kind = kind, .class = class, .strength_q16 = strength };

	actor_call(a, rig->run.secrete, &call);
	if (molecule)
		*molecule = call.molecule;
	return call.answer;
}

uint32_t actor_relay(struct bus_rig *rig, struct actor *a, uint64_t molecule, uint32_t *heard)
{
	struct bus_call call = { .molecule = molecule };

	actor_call(a, rig->run.relay, &call);
	if (heard)
		*heard = call.heard;
	return call.answer;
}

void bus_look(int map, uint32_t slot, void *to)
{
	cr_assert(!bpf_map_lookup_elem(map, &slot, to));
}

bool bus_received(const struct bus_rig *rig, uint32_t slot, uint64_t id, struct molecule *to)
{
	struct molecules all;
	unsigned found = 0;

	bus_look(rig->map.molecules, slot, &all);
	for (unsigned i = 0; i < MOLECULES; i++)
		if (all.m[i].id == id) {
			*to = all.m[i];
			found++;
		}
	cr_expect_leq(found, 1, "slot %u has molecule %lu %u times", slot, (unsigned long)id, found);
	return found;
}

bool bus_event(const struct bus_rig *rig, uint32_t kind, struct event *to)
{
	struct event e;
	bool found = false;

	for (uint32_t i = 0; i < EVENTS_MAX; i++) {
		bus_look(rig->map.events, i, &e);
		if (e.seq && e.kind == kind && (!found || e.seq > to->seq)) {
			*to = e;
			found = true;
		}
	}
	return found;
}

uint64_t bus_boot_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
