/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The bus as a cell uses it. Decides nothing about this cell's own fate. */
#include "cells/signal.h"
#include "cells/evidence.h"
#include "cells/fate.h"
#include "shared/receptor.h"
#include "tissue/key.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>

#define ACCUSE_MS 1000u /* between two accusations of the same cell */
#define SILENCE   3u    /* mean times between prompts after which the neuron is asked itself */

static struct {
	uint64_t prompted_ms;                 /* when this cell was last asked by anybody */
	uint64_t accused_ms[CELL_SLOTS_MAX];
	uint32_t random;
} memory;

void signal_begin(const struct tissue *t)
{
	(void)t;
	memset(&memory, 0, sizeof(memory));
	memory.prompted_ms = clock_ms();
	if (getrandom(&memory.random, sizeof(memory.random), GRND_NONBLOCK) != sizeof(memory.random) || !memory.random)
		memory.random = (uint32_t)clock_boot_ns() | 1;
}

uint32_t signal_random(void)
{
	memory.random ^= memory.random << 13;
	memory.random ^= memory.random >> 17;
	memory.random ^= memory.random << 5;
	return memory.random;
}

static bool is_adult(int class)
{
	return class == CLASS_NEURON || class == CLASS_BLOOD || class == CLASS_DRONE || class == CLASS_TCELL;
}

static void vote(const struct tissue *t, uint32_t target, uint32_t reason)
{
	struct bus_call call = { .target = target, .reason = reason };

	if (!is_adult(t->class) || target == t->id || !evidence_look(t, target, reason))
		return;
	if (bus_run(FD_VOTE, &call) || (call.answer != GLAND_OK && call.answer != GLAND_FEW))
		return;
	if (call.answer == GLAND_FEW)
		/* Two cannot be a majority of two when one of them is meant: another adult is called for. */
		signal_secrete(t, HORMONE_GROWTH, CLASS_DRONE, Q16_ONE);
	tissue_log(t, "votes against cell %u: %s (%u of %u adults)", cell_slot_of_id(target), reason_text(reason), call.votes,
		call.electorate);
}

static void prove(const struct tissue *t)
{
	const volatile struct proof *asked = &t->proofs[t->slot];
	const volatile struct cell *me = &t->cells[t->slot];
	uint64_t nonce[2] = { asked->nonce[0], asked->nonce[1] };
	struct bus_call call = { 0 };

	memory.prompted_ms = clock_ms();
	if (!t->key || asked->target != t->id)
		return;
	key_mac(call.mac, t->key, nonce, t->slot, me->pid, me->born_ns);
	bus_run(FD_PROVE, &call);
}

/* Where the kernel cannot signal another process, the neuron carries sentences out, and stems one against the neuron. */
static void execute(const struct tissue *t, const struct message *m)
{
	const volatile struct cell *c = &t->cells[m->slot % CELL_SLOTS_MAX];
	bool mine = m->class == CLASS_NEURON ? t->class == CLASS_STEM : t->class == CLASS_NEURON;

	if (!t->organism->can_kill && mine && c->id == m->id && c->state == CELL_LIVING)
		kill((pid_t)c->pid, SIGKILL);
}

void signal_hear(const struct tissue *t, const struct message *m)
{
	struct bus_call call = { .molecule = m->molecule };

	switch (m->kind) {
	case MSG_HORMONE:
		bus_run(FD_RELAY, &call);
		if (m->code == HORMONE_DANGER)
			vote(t, m->target, m->reason);
		break;
	case MSG_PROMPT:
		prove(t);
		break;
	case MSG_CONDEMNED:
		execute(t, m);
		break;
	default:
		break;
	}
}

static void hear(void *ctx, const struct message *m)
{
	signal_hear(ctx, m);
}

void signal_drain(const struct tissue *t)
{
	inbox_drain(t, hear, (void *)(uintptr_t)t);
}

void signal_secrete(const struct tissue *t, uint32_t kind, uint32_t class, uint32_t strength_q16)
{
	uint32_t cap = t->rules->cap_q16[t->class & 7];
	struct bus_call call = { .kind = kind, .class = class, .strength_q16 = strength_q16 < cap ? strength_q16 : cap };

	if (call.strength_q16)
		bus_run(FD_SECRETE, &call);
}

void signal_accuse(const struct tissue *t, uint32_t target, uint32_t reason)
{
	uint64_t now = clock_ms(), *last = &memory.accused_ms[cell_slot_of_id(target) % CELL_SLOTS_MAX];
	struct bus_call call = { .kind = HORMONE_DANGER, .target = target, .reason = reason };

	if (target == t->id || (*last && now - *last < ACCUSE_MS) || !evidence_look(t, target, reason))
		return;
	*last = now;
	call.strength_q16 = t->rules->cap_q16[t->class & 7];
	tissue_log(t, "accuses cell %u: %s", cell_slot_of_id(target), reason_text(reason));
	bus_run(FD_SECRETE, &call);
	vote(t, target, reason);
}

void signal_inspect(const struct tissue *t)
{
	/* A drone past its deadline is silent, too: the cause comes first. */
	static const uint32_t reasons[] = { REASON_DEADLINE, REASON_SILENT, REASON_PROOF, REASON_MEMORY };

	for (uint32_t s = 0; s < t->plan->slots; s++) {
		uint32_t id = t->cells[s].id;

		if (t->cells[s].state != CELL_LIVING || s == t->slot)
			continue;
		for (unsigned i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
			if (evidence_look(t, id, reasons[i]))
				signal_accuse(t, id, reasons[i]);
	}
}

void signal_prompt(const struct tissue *t, uint32_t target)
{
	struct bus_call call = { .target = target };

	(void)t;
	bus_run(FD_PROMPT, &call);
}

/* The neuron's id, 0 when there is none. */
static uint32_t find_neuron(const struct tissue *t)
{
	for (uint32_t s = 0; s < t->plan->slots; s++)
		if (t->cells[s].state == CELL_LIVING && t->cells[s].class == CLASS_NEURON)
			return t->cells[s].id;
	return 0;
}

int signal_watch(const struct tissue *t)
{
	uint64_t now = clock_ms(), patience = (uint64_t)SILENCE * t->rules->prompt_ms;
	uint32_t neuron;

	if (now < memory.prompted_ms + patience)
		return (int)(memory.prompted_ms + patience - now);
	neuron = find_neuron(t);
	if (neuron && neuron != t->id) {
		signal_inspect(t);
		signal_prompt(t, neuron);
	}
	/* The next look is when an answer is overdue. */
	return (int)t->rules->answer_ms + 10;
}

void signal_pulse(const struct tissue *t, uint32_t busy_permille, uint32_t wait_us)
{
	struct bus_call call = { .busy_permille = busy_permille < 1000 ? busy_permille : 1000, .wait_us = wait_us };

	(void)t;
	bus_run(FD_PULSE, &call);
}

uint32_t signal_level(const struct tissue *t, uint32_t kind, int class)
{
	const volatile struct receptors *r = &t->receptors[t->slot];
	const volatile struct receptors_by_class *by = kind == HORMONE_GROWTH ? &r->growth : &r->antigrowth;
	const volatile struct receptor *one = (const volatile struct receptor *)by + class;

	return receptor_now(one->level_q16, one->at_ns, clock_boot_ns(), t->rules->half_life_ms);
}

uint32_t signal_net(const struct tissue *t, int class)
{
	return fate_net(signal_level(t, HORMONE_GROWTH, class), signal_level(t, HORMONE_ANTIGROWTH, class));
}

uint32_t signal_heat(const struct tissue *t)
{
	const volatile struct receptors *r = &t->receptors[t->slot];
	uint64_t now = clock_boot_ns();
	uint32_t half = t->rules->half_life_ms;

	return fate_net(receptor_now(r->alarm.level_q16, r->alarm.at_ns, now, half),
		receptor_now(r->calm.level_q16, r->calm.at_ns, now, half));
}

/* By kind, what the last signal said; -1: none since it was taken. */
static volatile sig_atomic_t posted[HORMONE_COUNT];
static volatile sig_atomic_t any_posted;

static void on_posted(int signal, siginfo_t *info, void *context)
{
	int kind = signal - SIGRTMIN;

	(void)context;
	/* The kernel lets only root and the cells' own user do this; a value comes with sigqueue(3) alone. */
	if (kind > 0 && kind < HORMONE_COUNT && info->si_code == SI_QUEUE && info->si_value.sival_int > 0) {
		posted[kind] = info->si_value.sival_int;
		any_posted = 1;
	}
}

void signal_install(void)
{
	struct sigaction act = { .sa_sigaction = on_posted, .sa_flags = SA_SIGINFO };
	sigset_t blocked;

	sigemptyset(&blocked);
	for (int kind = 1; kind < HORMONE_COUNT; kind++) {
		sigaction(SIGRTMIN + kind, &act, NULL);
		sigaddset(&blocked, SIGRTMIN + kind);
	}
	sigprocmask(SIG_BLOCK, &blocked, NULL);
}

void signal_take(const struct tissue *t)
{
	if (!any_posted)
		return;
	any_posted = 0;
	for (int kind = 1; kind < HORMONE_COUNT; kind++) {
		/* class * 10000 + strength in ten-thousandths */
		uint32_t value = (uint32_t)posted[kind], strength = value % 10000 ? value % 10000 : 10000;

		posted[kind] = 0;
		if (value && kind != HORMONE_DANGER)
			signal_secrete(t, (uint32_t)kind, value / 10000 % 10, (uint32_t)((uint64_t)strength * Q16_ONE / 10000));
	}
}
