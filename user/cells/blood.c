/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Blood: owns the connections of a vessel. Touches client bytes; opens no file, runs no user code; ends when drained. */
#include "cells/blood.h"
#include "cells/blood_adopt.h"
#include "cells/cell.h"
#include "cells/choice.h"
#include "cells/signal.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EVENTS_PER_TURN 256
#define SIGNAL_TURNS    64u /* busy turns until signals are looked for */
#define WAITING_MS      20u /* after this without a drone that takes what waits, the neuron is asked to look */
#define ALONE_RETRY_MS  100u

void ring_put(struct conn_ring *r, uint32_t i)
{
	cw_assert(r->tail - r->head <= r->mask);
	r->conn[r->tail++ & r->mask] = i;
}

uint32_t ring_take(struct conn_ring *r)
{
	return r->conn[r->head++ & r->mask];
}

/* A connection stands in a ring at most a few times; twice the connections is never reached. */
static void ring_new(struct conn_ring *r, uint32_t connections)
{
	uint32_t size = 64;

	while (size < 4 * connections)
		size *= 2;
	r->conn = malloc(size * sizeof(*r->conn));
	r->mask = size - 1;
	r->head = r->tail = 0;
	cw_assert(r->conn);
}

static void blood_clock(struct artery *a)
{
	struct timespec now;

	a->now_ms = clock_ms();
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != a->now_s) {
		a->now_s = now.tv_sec;
		http_date_format(now.tv_sec, a->date);
	}
}

/* Tells the drones where this cell runs: waking one on the same processor costs a tenth of waking it on another. */
static void blood_place(struct artery *a)
{
	uint32_t here = (uint32_t)sched_getcpu();

	if (atomic_load_explicit(&a->synapse->cpu, memory_order_relaxed) != here)
		atomic_store_explicit(&a->synapse->cpu, here, memory_order_relaxed);
}

static void artery_open(struct artery *a, struct tissue *t, uint32_t v)
{
	const struct dna *dna = &t->germ->dna;

	memset(a, 0, sizeof(*a));
	a->t = t;
	a->v = v;
	a->vessel = t->vessel[v];
	a->synapse = t->synapse[v];
	a->epoll = plan_artery(t->plan, v);
	a->next_due = UINT64_MAX;
	a->request_of = CONN_NONE;
	a->vitals = &t->vitals[t->slot];
	blood_express(a);
	a->missing = missing_new();
	cw_assert(a->missing);
	ring_new(&a->ready, dna->connections);
	ring_new(&a->wanting, dna->connections);
	blood_clock(a);
}

/* Takes a vessel nobody living serves. Its number, or -1. */
static int blood_claim(struct tissue *t)
{
	for (uint32_t v = 0; v < t->plan->vessels; v++) {
		struct gland_call call = { .vessel = v, .seen = t->vessels[v].owner };

		if (gland_run(FD_ANIMATE, &call) == 0 && call.answer == GLAND_OK)
			return (int)v;
	}
	return -1;
}

/* The bell and inbox of the cell that serves now, instead of the one before. */
static void artery_tenant(struct artery *a)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = EVENT_NEST };

	if (a->vessel->tenant)
		epoll_ctl(a->epoll, EPOLL_CTL_DEL, plan_nest(a->t->plan, a->vessel->tenant - 1), NULL);
	a->vessel->tenant = a->t->slot + 1;
	epoll_ctl(a->epoll, EPOLL_CTL_ADD, plan_nest(a->t->plan, a->t->slot), &e);
	blood_resume(a);
}

static void blood_hear(void *ctx, const struct message *m)
{
	struct artery *a = ctx;

	signal_hear(a->t, m);
	if (m->kind == MSG_DEATH && m->class == CLASS_DRONE)
		blood_requeue(a, m->id);
	if (m->kind == MSG_TAGGED)
		tag_hear(a, m->molecule);
}

static void on_nest(struct artery *a)
{
	inbox_drain(a->t, blood_hear, a);
	a->look_ms = a->now_ms; /* what was heard may be a reason to divide or to leave */
	bell_quiet(plan_bell(a->t->plan, a->t->slot));
}

static void on_connection(struct artery *a, const struct epoll_event *e)
{
	uint32_t i = e->data.u32;
	struct conn *c;

	if (i >= a->vessel->high)
		return;
	c = conn_at(a, i);
	if (c->fd < 0 || c->serial != (uint32_t)(e->data.u64 >> 32))
		return;
	/* Both sides have ended: what the client still sent is read, or closing would reset what it has not read yet. */
	if ((e->events & EPOLLERR) || ((e->events & EPOLLHUP) && c->phase != CONN_LINGER)) {
		blood_close(a, i);
		return;
	}
	if (!conn_ready(a, i))
		return;
	if (e->events & EPOLLIN)
		c->flags |= CONN_READABLE;
	if (e->events & EPOLLRDHUP)
		c->flags |= CONN_READABLE | CONN_CLOSED_IN;
	if ((e->events & EPOLLOUT) && c->phase == CONN_SENDING)
		blood_send_more(a, i);
	if (c->fd >= 0 && c->serial == (uint32_t)(e->data.u64 >> 32))
		blood_go(a, i);
}

static void on_event(struct artery *a, const struct epoll_event *e)
{
	switch (e->data.u32) {
	case EVENT_NEST:
		on_nest(a);
		break;
	case EVENT_VESSEL_BELL:
		break; /* edge-triggered: waking is all it is for */
	default:
		if (e->data.u32 >= EVENT_FIRST)
			blood_accept(a, e->data.u32 - EVENT_LISTENER);
		else
			on_connection(a, e);
		break;
	}
}

/* Connections that had their turn, and those that waited for a slot that is free now. */
static void blood_go_on(struct artery *a)
{
	uint32_t n = a->ready.tail - a->ready.head;

	while (n--) {
		uint32_t i = ring_take(&a->ready);
		struct conn *c = conn_at(a, i);

		if (c->fd < 0 || !conn_ready(a, i))
			continue;
		if (c->phase == CONN_SENDING)
			blood_send_more(a, i);
		if (c->fd >= 0)
			blood_go(a, i);
	}
	while (a->slots_left && !ring_empty(&a->wanting)) {
		uint32_t i = ring_take(&a->wanting);

		if (conn_at(a, i)->phase == CONN_WANT_SLOT && conn_ready(a, i)) {
			blood_ask(a, i);
			blood_go(a, i);
		}
	}
}

static bool anything_done(const struct synapse *s)
{
	for (uint32_t w = 0; w < SYNAPSE_SLOTS / 64; w++)
		if (atomic_load(&s->done[w]))
			return true;
	return false;
}

/* Nobody is left who could fill a vacancy. */
static bool blood_is_alone(const struct tissue *t)
{
	return !t->census[CLASS_STEM].living && !t->census[CLASS_NEURON].living && !t->organism->dying;
}

/* How long to sleep: not at all, until the next deadline, or until something happens. */
static int blood_patience(struct artery *a)
{
	uint64_t until = a->next_due < a->look_ms ? a->next_due : a->look_ms;

	if (!ring_empty(&a->ready) || anything_done(a->synapse))
		return 0;
	if (a->strays_due && a->strays_due < until)
		until = a->strays_due;
	if (asked_audit_wanted(a) && a->audit_ms < until)
		until = a->audit_ms;
	if (a->tags && a->tags_due < until)
		until = a->tags_due;
	if (a->paused && a->pause_until < until)
		until = a->pause_until;
	/* A drone that was woken and does not come may be hanging. */
	if (synapse_waiting(a->synapse) && a->now_ms + WAITING_MS < until)
		until = a->now_ms + WAITING_MS;
	if (a->leave_by && a->now_ms + SWEEP_MS_MAX < until)
		until = a->now_ms + SWEEP_MS_MAX;
	/* It would have divided, but the system had no room. */
	if (blood_is_alone(a->t) && a->now_ms + ALONE_RETRY_MS < until)
		until = a->now_ms + ALONE_RETRY_MS;
	if (until == UINT64_MAX)
		return -1;
	return until > a->now_ms ? (int)(until - a->now_ms) : 0;
}

/* Waits only if nothing is left to do. Signals are let in then, and now and then when there is always something. */
static int blood_wait(struct artery *a, struct epoll_event events[EVENTS_PER_TURN])
{
	int n;

	if ((!ring_empty(&a->ready) || anything_done(a->synapse)) && ++a->busy_turns % SIGNAL_TURNS)
		return cell_poll(a->epoll, events, EVENTS_PER_TURN);
	atomic_store(&a->synapse->asleep, 1);
	n = cell_wait(a->epoll, events, EVENTS_PER_TURN, blood_patience(a));
	atomic_store_explicit(&a->synapse->asleep, 0, memory_order_relaxed);
	return n;
}

static void blood_turn(struct artery *a)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int n = blood_wait(a, events);

	blood_clock(a);
	blood_place(a);
	for (int i = 0; i < n; i++)
		on_event(a, &events[i]);
	blood_collect(a);
	blood_go_on(a);
	tag_sweep(a);
	if (a->now_ms >= a->next_due)
		blood_sweep(a);
	if (asked_audit_wanted(a) && a->now_ms >= a->audit_ms)
		asked_audit(a);
	if (a->strays_due && a->now_ms >= a->strays_due)
		adopt_close_strays(a);
	if (a->paused && a->now_ms >= a->pause_until && !a->leave_by)
		blood_resume(a);
	if (n == 0 && synapse_waiting(a->synapse))
		blood_call_neuron(a);
	if (a->rung)
		blood_ring_drones(a);
}

static uint64_t blood_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#define RETIRE_MS  1000u /* for connections that were steered here before it began to leave */
#define PULSE_MS   100u
#define HOT_PERMILLE 850u /* busier than this, the neuron is called to look */

void blood_call_neuron(struct artery *a)
{
	uint64_t ring = 1;

	if (a->now_ms - a->called_ms < PULSE_MS)
		return;
	a->called_ms = a->now_ms;
	for (uint32_t s = 0; s < a->t->plan->slots; s++)
		if (a->t->cells[s].state == CELL_LIVING && a->t->cells[s].class == CLASS_NEURON)
			(void)!write(plan_bell(a->t->plan, s), &ring, sizeof(ring));
}

static void blood_pulse(struct artery *a)
{
	uint64_t since = a->now_ms - a->pulse_ms, cpu;
	bool put_off = a->came && !a->put_off;
	uint32_t busy;

	a->came = false;
	if (since < PULSE_MS)
		return;
	/* Who has just come is about to ask: that first. */
	a->put_off = put_off;
	if (put_off)
		return;
	cpu = blood_cpu_ns();
	busy = (uint32_t)((cpu - a->pulse_cpu_ns) / 1000 / since);
	a->pulse_ms = a->now_ms;
	a->pulse_cpu_ns = cpu;
	signal_pulse(a->t, busy, 0);
	screen_heat(a);
	if (busy >= HOT_PERMILLE)
		blood_call_neuron(a);
}

/* Looks at itself and at the neuron. 1 in a daughter. */
static int blood_look(struct artery *a)
{
	int look = -1, watch = signal_watch(a->t), born = 0;
	enum fate_act act = a->retire_ms || a->leave_by ? FATE_WAIT : choice_of_grown(a->t, &look);

	signal_take(a->t);
	if (act == FATE_LEAVE)
		a->retire_ms = a->now_ms;
	if (act == FATE_DIVIDE)
		born = cell_divide(a->t, CLASS_BLOOD, a->t->census[CLASS_BLOOD].living);
	a->look_ms = a->now_ms + (uint64_t)(look >= 0 && look < watch ? look : watch);
	return born == 1;
}

/* No new connections; idle ones are closed, the others end with the answer they wait for. */
static void blood_begin_to_leave(struct artery *a)
{
	a->leave_by = a->now_ms + a->t->germ->dna.drain_ms;
	blood_pause(a);
	a->pause_until = UINT64_MAX;
	for (uint32_t i = 0; i < a->vessel->high; i++) {
		struct conn *c = conn_at(a, i);

		if (c->fd < 0)
			continue;
		c->flags &= ~(uint32_t)CONN_KEEP;
		if (c->phase == CONN_READING && c->received == c->used && !(c->flags & (CONN_READABLE | CONN_STALE)))
			blood_close(a, i);
	}
}

/* A cell that leaves while the organism lives on hands everything to its successor just as a killed one does. */
static bool blood_is_drained(struct artery *a)
{
	if (a->retire_ms && !cell_leaving)
		return !a->open && a->now_ms - a->retire_ms >= RETIRE_MS;
	if (!cell_leaving)
		return false;
	if (!a->t->organism->dying)
		return true;
	if (!a->leave_by)
		blood_begin_to_leave(a);
	return !a->open || a->now_ms >= a->leave_by;
}

int blood_live(struct tissue *t)
{
	static struct artery artery;
	static bool sealed;
	int v = blood_claim(t);

	if (v < 0) {
		tissue_log(t, "every vessel is served already; this cell ends");
		return CLASS_NONE;
	}
	artery_open(&artery, t, (uint32_t)v);
	blood_adopt(&artery);
	artery_tenant(&artery);
	/* A daughter has her mother's filter already. */
	if (!sealed) {
		cell_hurry(CELL_SLICE_NS);
		cell_seal(t, MEMBRANE_BLOOD);
	}
	sealed = true;
	while (!blood_is_drained(&artery)) {
		if (blood_is_alone(t) && cell_divide(t, CLASS_STEM, 0) == 1)
			return CLASS_STEM;
		blood_mutate(&artery);
		blood_turn(&artery);
		blood_pulse(&artery);
		if (artery.now_ms >= artery.look_ms && blood_look(&artery))
			return CLASS_BLOOD;
	}
	return CLASS_NONE;
}
