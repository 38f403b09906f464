/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The drone: takes requests from the synapses and runs genes. Touches document roots; never a client socket or other requests' bytes. */
#include "cells/cell.h"
#include "cells/choice.h"
#include "cells/drone.h"
#include "cells/mutation.h"
#include "cells/signal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/syscall.h>
#include <linux/close_range.h>
#include <unistd.h>

#define DRONE_LEAVING_MS 10
#define DRONE_PULSE_NS 100000000u
#define FOLLOW_SLEEPS 64u /* of quick work only, before it looks where its blood cell runs */

struct parked *drone_park(struct drone *d, uint32_t vessel, uint32_t slot)
{
	for (unsigned i = 0; i < DRONE_PARKED; i++) {
		struct parked *p = &d->parked[i];

		if (p->used)
			continue;
		*p = (struct parked){ .used = true, .vessel = vessel, .slot = slot, .route = d->route };
		d->parked_n++;
		return p;
	}
	return NULL;
}

/* An upload that never came to its end. */
static void drone_drop(struct drone *d, struct parked *p)
{
	const struct drone_gene *g = &d->gene[p->route];

	if (g->gene && g->gene->drop)
		g->gene->drop(g->self, p->upload);
	p->upload = NULL;
}

void drone_unpark(struct drone *d, struct parked *p)
{
	if (p->pulling && p->done_pulling)
		p->done_pulling(p->pull_state);
	if (p->upload)
		drone_drop(d, p);
	free(p->body);
	p->used = false;
	d->parked_n--;
}

/* Adds the part in the slot to a body that comes in several. */
static int collect(struct drone *d, struct parked *p)
{
	struct synapse *y = d->t->synapse[p->vessel];
	uint32_t n = *(const volatile uint32_t *)&y->slot[p->slot].body_n;
	int fed = drone_feed(d, p);

	if (fed != -ENOSYS) {
		y->slot[p->slot].parts++;
		return fed;
	}
	if (n > SLOT_BODY_ROOM || p->body_n + n > CELLWS_COLLECT_MAX)
		return -EFBIG;
	if (p->body_n + n > p->body_room) {
		size_t room = 2 * (p->body_n + n);
		char *more = realloc(p->body, room);

		if (!more)
			return -ENOMEM;
		p->body = more;
		p->body_room = room;
	}
	memcpy(p->body + p->body_n, y->data[p->slot] + SLOT_BODY_AT, n);
	p->body_n += n;
	y->slot[p->slot].parts++;
	return 0;
}

/* The body is answered: it goes, unless an answer that is still pulled may read it; then it goes with that. */
static void body_done(struct drone *d, struct parked *p)
{
	for (unsigned i = 0; i < DRONE_PARKED; i++) {
		struct parked *q = &d->parked[i];

		if (q->used && q->pulling && q->vessel == p->vessel && q->slot == p->slot) {
			q->body = p->body;
			p->body = NULL;
		}
	}
	drone_unpark(d, p);
}

/* A part of a body has come: ask for the next, or answer. */
static void go_on_collecting(struct drone *d, struct parked *p)
{
	struct slot *s = &d->t->synapse[p->vessel]->slot[p->slot];
	uint32_t vessel = p->vessel, slot = p->slot;
	int error = atomic_load(&s->gone) ? -EPIPE : collect(d, p);

	if (error) {
		drone_unpark(d, p);
		drone_fail(d, vessel, slot, error == -ENOMEM ? 503 : error == -EFBIG ? 413 : 500);
	} else if (!s->body_last) {
		drone_answer(d, vessel, slot, SLOT_HUNGRY);
	} else {
		struct cellws_text body = { .p = p->body ? p->body : "", .n = p->body_n };
		void *upload = p->upload;

		p->upload = NULL; /* the gene's own from here on */
		drone_express(d, vessel, slot, body, upload);
		body_done(d, p);
	}
}

/* Its time runs anew with every part: so does the deadline, for blood. */
static void go_on_with(struct drone *d, struct parked *p, uint32_t state)
{
	/* More is asked of what is pulled alone, and fed to what is collected: another drone has written there. */
	if ((state == SLOT_MORE) != p->pulling) {
		drone_unpark(d, p);
		return;
	}
	d->route = p->route;
	chart_busy(d->chart, d->route, clock_ms());
	if (state == SLOT_MORE)
		drone_pull(d, p);
	else
		go_on_collecting(d, p);
}

static bool work_on_parked(struct drone *d)
{
	bool did = false;

	for (unsigned i = 0; i < DRONE_PARKED && d->parked_n; i++) {
		struct parked *p = &d->parked[i];
		uint64_t word;

		if (!p->used)
			continue;
		word = atomic_load_explicit(&d->t->synapse[p->vessel]->slot[p->slot].word, memory_order_acquire);
		if (slot_drone(word) != d->t->id)
			drone_unpark(d, p);
		else if (slot_state(word) == SLOT_MORE || slot_state(word) == SLOT_FED)
			go_on_with(d, p, slot_state(word));
		else
			continue;
		did = true;
	}
	return did;
}

/*
 * Other drones can write a slot's word, and make one free for taking that this drone has parked: what is parked goes, or the
 * chart would vouch for parts of both answers, which no drone in its right mind gives.
 */
static void forget_parked(struct drone *d, uint32_t vessel, uint32_t slot)
{
	for (unsigned i = 0; i < DRONE_PARKED && d->parked_n; i++)
		if (d->parked[i].used && d->parked[i].vessel == vessel && d->parked[i].slot == slot)
			drone_unpark(d, &d->parked[i]);
}

/*
 * The number blood gives it is of the DNA blood lived by then: of an older one it says nothing here. 0, or the status to answer
 * with: this DNA has no such route any more, or another drone has written there, of which who takes the request must not die.
 */
static int find_route(struct drone *d, uint32_t vessel, uint32_t slot)
{
	/* Read once: others can write there, and what is said of it, and done with it, must be the same. */
	const volatile struct slot *s = &d->t->synapse[vessel]->slot[slot];
	uint32_t head_n = s->head_n, path_n = s->path_n, said = s->route;
	const struct dna *dna = &d->t->germ->dna;
	const char *path = (const char *)d->t->synapse[vessel]->data[slot] + SLOT_HEAD_AT + head_n;
	int route;

	d->route = 0;
	if (s->generation == d->t->generation) {
		d->route = said < dna->route_count ? said : 0;
		return said < dna->route_count ? 0 : 502;
	}
	if (head_n > HTTP_HEAD_MAX || path_n > SLOT_PATH_ROOM)
		return 502;
	route = dna_route_find(dna, path, path_n);
	d->route = route < 0 ? 0 : (uint32_t)route;
	return route < 0 ? 404 : 0;
}

static void begin(struct drone *d, uint32_t vessel, uint32_t slot)
{
	struct synapse *y = d->t->synapse[vessel];
	struct slot *s = &y->slot[slot];
	uint32_t body_n = *(const volatile uint32_t *)&s->body_n;
	uint64_t now = clock_ms();
	int status;
	struct parked *p;

	forget_parked(d, vessel, slot);
	s->taken_ms = now;
	status = find_route(d, vessel, slot);
	chart_busy(d->chart, d->route, now);
	if (!drone_is_quick(&d->gene[d->route])) {
		drone_ring(d);
		drone_roam(d);
		d->strolls = 0;
	}
	if (!status && body_n > SLOT_BODY_ROOM)
		status = 502;
	if (status) {
		drone_fail(d, vessel, slot, status);
		return;
	}
	if (s->body_last) {
		struct cellws_text body = { .p = (char *)y->data[slot] + SLOT_BODY_AT, .n = body_n };

		drone_express(d, vessel, slot, body, NULL);
		return;
	}
	p = drone_park(d, vessel, slot);
	if (p)
		go_on_collecting(d, p);
	else
		drone_fail(d, vessel, slot, 503);
}

/* One request from the vessels in turn. */
static bool work_on_queue(struct drone *d)
{
	uint32_t vessels = d->t->plan->vessels;

	for (uint32_t i = 0; i < vessels; i++) {
		uint32_t v = (d->next_vessel + i) % vessels;
		int slot = synapse_take(d->t->synapse[v], d->t->id, d->t->generation);

		if (slot < 0)
			continue;
		d->next_vessel = v + 1;
		d->last_vessel = v;
		begin(d, v, (uint32_t)slot);
		return true;
	}
	return false;
}

static bool anything_waits(const struct drone *d)
{
	for (uint32_t v = 0; v < d->t->plan->vessels; v++)
		if (synapse_waiting(d->t->synapse[v]))
			return true;
	for (unsigned i = 0; i < DRONE_PARKED && d->parked_n; i++) {
		const struct parked *p = &d->parked[i];
		uint32_t state;

		if (!p->used)
			continue;
		state = slot_state(atomic_load(&d->t->synapse[p->vessel]->slot[p->slot].word));
		if (state == SLOT_MORE || state == SLOT_FED)
			return true;
	}
	return false;
}

static uint64_t drone_clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Shows the share of the time since the last pulse in which it was not asleep. */
static void drone_pulse(struct drone *d, uint64_t now)
{
	uint64_t since = now - d->pulse_ns, awake = since > d->slept_ns ? since - d->slept_ns : 0;

	if (since < DRONE_PULSE_NS)
		return;
	signal_pulse(d->t, (uint32_t)(awake * 1000 / since), 0);
	d->pulse_ns = now;
	d->slept_ns = 0;
}

/*
 * One too many, says the signal, and the kernel agrees: it ends when what it has parked is done. It never divides: its
 * daughter would need descriptors of other cells that a drone gives up, so stems are born for it.
 */
static void drone_choose(struct drone *d, int *look_ms)
{
	/* Its gene may have said so in its name: the kernel counts it no more. */
	if (choice_of_grown(d->t, look_ms) == FATE_LEAVE || d->t->cells[d->t->slot].leaving)
		cell_leaving = 1;
}

/* How long to sleep without a bell: until it wants to look at itself, or at a neuron that is silent. */
static int drone_patience(struct drone *d)
{
	int look, watch = signal_watch(d->t);

	if (cell_leaving)
		return DRONE_LEAVING_MS;
	drone_choose(d, &look);
	if (cell_leaving)
		return 0;
	return look >= 0 && look < watch ? look : watch;
}

static void drone_sleep(struct drone *d)
{
	_Atomic uint32_t *asleep = &d->t->commons->asleep[d->t->slot];
	int patience = drone_patience(d);
	uint64_t begin = drone_clock_ns();
	struct epoll_event e;

	chart_idle(d->chart);
	if (++d->strolls % FOLLOW_SLEEPS == 0)
		drone_follow(d, d->last_vessel);
	drone_pulse(d, begin);
	atomic_store(asleep, 1);
	/* One that leaves takes nothing new and only waits for what it has parked. */
	if (cell_leaving || !anything_waits(d))
		if (cell_wait(plan_nest(d->t->plan, d->t->slot), &e, 1, patience) > 0 && e.data.u32 == EVENT_INBOX)
			cell_clear_nest(d->t);
	atomic_store(asleep, 0);
	d->slept_ns += drone_clock_ns() - begin;
	signal_take(d->t);
}

/* Keeps what a drone needs, in a table of its own; nothing of the network is among it. */
static void drone_close_foreign(const struct tissue *t)
{
	const struct plan *p = t->plan;
	unsigned mine = (unsigned)plan_inbox(p, t->slot);
	long kept = syscall(SYS_close_range, (unsigned)plan_shared_at(p), ~0U, CLOSE_RANGE_UNSHARE);

	cw_assert(kept == 0);
	/* Those of its DNA may have given way to the next but one's by the time the table became its own. */
	if (!mutation_holds(t)) {
		tissue_log(t, "its DNA is gone before it could live by it; this cell ends");
		_exit(0);
	}
	if (mine > (unsigned)plan_slots_at(p))
		cw_assert(syscall(SYS_close_range, (unsigned)plan_slots_at(p), mine - 1, 0) == 0);
	cw_assert(syscall(SYS_close_range, mine + 3, ~0U, 0) == 0);
	/* It may speak, vote and leave; it neither divides nor becomes anything else. */
	cw_assert(syscall(SYS_close_range, FD_READY, FD_ANIMATE, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_CELLS, FD_KEY, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_PSI_CPU, FD_FIXED - 1, 0) == 0);
}

/* While one request follows the other, it still shows its pulse and hears signals, now and then. */
static void drone_busy(struct drone *d)
{
	uint64_t now = clock_ms();

	if (now - d->heard_ms < DRONE_PULSE_NS / 1000000)
		return;
	d->heard_ms = now;
	drone_pulse(d, drone_clock_ns());
	signal_drain(d->t);
}

/* Loaded; roots of its own DNA are all that is left of both banks. */
static void drone_close_genes(const struct plan *p)
{
	int other = p->bank ? FD_FIXED : PLAN_ROUTED - 2 * (int)PLAN_ROUTES;

	cw_assert(syscall(SYS_close_range, (unsigned)plan_gene(p, 0), (unsigned)plan_gene(p, PLAN_ROUTES) - 1, 0) == 0);
	cw_assert(syscall(SYS_close_range, (unsigned)other, (unsigned)other + 2 * PLAN_ROUTES - 1, 0) == 0);
	close(FD_GERM);
}

static struct drone drone;

/* Without a cell that shares the sockets nobody can bring a request any more, and nobody can be grown from a drone. */
static bool drone_is_alone(const struct tissue *t)
{
	return !t->census[CLASS_STEM].living && !t->census[CLASS_NEURON].living && !t->census[CLASS_BLOOD].living &&
	       !t->census[CLASS_EGG].living;
}

int drone_live(struct tissue *t)
{
	drone = (struct drone){ .t = t, .pulse_ns = drone_clock_ns() };
	tissue_forget_vessels(t);
	drone.chart = chart_own(FD_CHART, t->slot);
	cw_assert(drone.chart);
	chart_begin(drone.chart, t->id);
	drone_close_foreign(t);
	drone_place_init(&drone);
	drone_load(&drone);
	drone_close_genes(t->plan);
	cell_seal(t, MEMBRANE_DRONE);
	while ((!cell_leaving || drone.parked_n) && !drone_is_alone(t)) {
		bool did = work_on_parked(&drone);

		mutation_leave(t);

		if (!cell_leaving)
			did |= work_on_queue(&drone);
		if (did) {
			drone_busy(&drone);
			continue;
		}
		drone_ring(&drone);
		drone_sleep(&drone);
	}
	chart_idle(drone.chart);
	drone_unload(&drone);
	return CLASS_NONE;
}
