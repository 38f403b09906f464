/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the neuron measures: queues, utilisation, backlogs, pressure. Reads shared memory and counters, no client bytes. */
#include "cells/fate.h"
#include "cells/neuron.h"
#include "cells/signal.h"
#include "tissue/synapse.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PULSE_FRESH_NS 400000000ull /* an older pulse says nothing of now */
#define PSI_MS         1000u        /* between two readings: the kernel averages over ten seconds */

static bool pulse_is_fresh(const struct tissue *t, uint32_t s, uint64_t now)
{
	return t->pulses[s].id == t->cells[s].id && t->pulses[s].beat_ns + PULSE_FRESH_NS > now;
}

/* A drone that is awake and shows no pulse is deep in one request, or hangs: either way it takes no other. */
static bool drone_is_lost(const struct tissue *t, uint32_t s, uint64_t now)
{
	return t->cells[s].class == CLASS_DRONE && !pulse_is_fresh(t, s, now) && !atomic_load(&t->commons->asleep[s]);
}

static uint32_t cell_busy(const struct tissue *t, uint32_t s, uint64_t now)
{
	if (pulse_is_fresh(t, s, now))
		return t->pulses[s].busy_permille;
	return drone_is_lost(t, s, now) ? 1000 : 0;
}

static void measure_class(const struct tissue *t, int class, struct need_sample *s)
{
	uint64_t now = clock_boot_ns(), busy = 0;
	uint32_t n = 0, lost = 0;

	s->living = t->census[class].living;
	s->min = t->census[class].min;
	s->max = t->census[class].max;
	for (uint32_t i = 0; i < t->plan->slots; i++) {
		const volatile struct cell *c = &t->cells[i];

		if (c->state != CELL_LIVING || c->leaving)
			continue;
		if (c->class == CLASS_STEM)
			s->listeners++;
		if ((int)c->class != class)
			continue;
		n++;
		busy += cell_busy(t, i, now);
		lost += drone_is_lost(t, i, now);
		s->far += c->mother != t->slot;
	}
	s->busy_permille = n ? (uint32_t)(busy / n) : 0;
	s->taken = lost;
}

static void measure_queues(const struct tissue *t, struct need_sample *s)
{
	uint64_t now = clock_ms();
	uint32_t taken = 0;

	for (uint32_t v = 0; v < t->plan->vessels; v++)
		for (uint32_t i = 0; i < SYNAPSE_SLOTS; i++) {
			const struct slot *slot = &t->synapse[v]->slot[i];
			uint32_t state = slot_state(atomic_load_explicit(&slot->word, memory_order_relaxed));
			uint64_t age = now > slot->queued_ms ? now - slot->queued_ms : 0;

			if (state == SLOT_TAKEN)
				taken++;
			if (state != SLOT_QUEUED)
				continue;
			s->queued++;
			s->oldest_ms = age > s->oldest_ms ? (uint32_t)age : s->oldest_ms;
		}
	/* One that is lost without a request is no less at work. */
	s->taken = taken > s->taken ? taken : s->taken;
}

/* Connections in the accept queues. */
static uint32_t measure_backlog(const struct tissue *t)
{
	uint32_t waiting = 0;

	for (uint32_t v = 0; v < t->plan->vessels; v++)
		for (uint32_t l = 0; l < t->plan->listens; l++) {
			struct tcp_info info = { 0 };
			socklen_t n = sizeof(info);

			if (getsockopt(plan_listener(t->plan, v, l), IPPROTO_TCP, TCP_INFO, &info, &n) == 0)
				waiting += info.tcpi_unacked; /* of a listener: its queue */
		}
	return waiting;
}

uint32_t pressure_permille(const char *text, const char *line)
{
	const char *at = strstr(text, line);
	char *end;
	unsigned long whole, tenth = 0;

	at = at ? strstr(at, "avg10=") : NULL;
	if (!at)
		return 0;
	whole = strtoul(at + 6, &end, 10);
	if (*end == '.' && end[1] >= '0' && end[1] <= '9')
		tenth = (unsigned long)(end[1] - '0');
	return whole >= 100 ? 1000 : (uint32_t)(whole * 10 + tenth);
}

static uint32_t read_pressure(int fd, const char *line)
{
	char text[256];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = 0;
	return pressure_permille(text, line);
}

static void measure_pressure(struct neuron *n)
{
	uint64_t now = clock_ms();

	if (n->psi_ms && now - n->psi_ms < PSI_MS)
		return;
	n->psi_ms = now;
	n->psi_cpu_permille = read_pressure(FD_PSI_CPU, "some");
	n->psi_memory_permille = read_pressure(FD_PSI_MEMORY, "full");
}

static bool measure_budget(const struct tissue *t)
{
	uint64_t budget = t->germ->dna.cells_memory_bytes, bytes = 0;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	for (uint32_t s = 0; s < t->plan->slots && budget; s++)
		if (t->cells[s].state == CELL_LIVING && t->pulses[s].id == t->cells[s].id)
			bytes += t->pulses[s].rss_pages * page;
	return budget && bytes > budget;
}

static bool measure_sickness(const struct tissue *t, int class)
{
	struct cell cells[CELL_SLOTS_MAX];

	for (uint32_t s = 0; s < t->plan->slots; s++)
		cells[s] = t->cells[s];
	return fate_is_sick(cells, t->plan->slots, class, clock_boot_ns());
}

/* Heat of the immune system as this cell has heard of it: load in an attack is no reason to grow. */
static uint32_t measure_attack(const struct tissue *t)
{
	return (uint32_t)((uint64_t)signal_heat(t) * 1000 / Q16_ONE);
}

void neuron_measure(const struct tissue *t, struct neuron *n, struct need_sample *drones, struct need_sample *blood)
{
	memset(drones, 0, sizeof(*drones));
	memset(blood, 0, sizeof(*blood));
	measure_class(t, CLASS_DRONE, drones);
	measure_class(t, CLASS_BLOOD, blood);
	measure_queues(t, drones);
	blood->backlog = measure_backlog(t);
	measure_pressure(n);
	drones->psi_cpu_permille = blood->psi_cpu_permille = n->psi_cpu_permille;
	drones->psi_memory_permille = blood->psi_memory_permille = n->psi_memory_permille;
	drones->attack_permille = blood->attack_permille = measure_attack(t);
	drones->over_budget = blood->over_budget = measure_budget(t);
	drones->sick = measure_sickness(t, CLASS_DRONE);
	blood->sick = measure_sickness(t, CLASS_BLOOD);
}
