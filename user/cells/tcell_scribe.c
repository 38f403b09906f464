/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The scribe among T cells: reads what was decided out of the kernel's ring and writes it into the memory, in batches. */
/*
 * May touch: the ring of incidents, the memory's directory. Never touches: evidence, scores; nobody waits for it. What it
 * dies over is in the ring until it is in the file.
 */
#include "cells/cell.h"
#include "cells/signal.h"
#include "cells/tcell.h"
#include "immune/incident.h"
#include "memory/memory.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH_MOST 1000u /* records in one transaction */
#define BATCH_MS   1000u /* between two transactions: so much may be lost when everything is killed at once */
#define SECOND_NS  1000000000ull

struct scribe {
	struct tissue *t;
	struct ring ring;
	struct memory *memory; /* NULL: none is wanted */
	struct memory_clock now;
	uint64_t flushed_ms;
	uint64_t pathogens_ns; /* up to here they are written */
	uint64_t lost;         /* that was told of */
	uint64_t seq, placed;  /* of the last incident that was read, and that was noted as the place */
	bool clean;            /* the last batch is in the file */
	bool deadly;           /* a request has killed since */
};

/* The boot's number was read by `up`: a cell may not open that file. */
static void clock_read(struct scribe *s)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	s->now.boot = s->t->germ->boot;
	s->now.boot_ns = clock_boot_ns();
	s->now.wall_s = (uint64_t)wall.tv_sec;
}

static void note_ban(struct scribe *s, const struct incident *i, const struct address *prefix)
{
	struct memory_ban ban = {
		.prefix = *prefix,
		.since_ns = i->time_ns,
		.expires_ns = i->ttl_s ? i->time_ns + i->ttl_s * SECOND_NS : 0,
		.reason = i->act == INCIDENT_BY_HAND ? ANTIBODY_BY_HAND : i->act == INCIDENT_LEARNED ? ANTIBODY_BY_PEER : ANTIBODY_BY_EVIDENCE,
		.offences = i->offence,
	};

	memory_note_ban(s->memory, &ban, &s->now);
}

/* Into the memory's queue; the first that is given every incident. */
static void note_incident(void *ctx, const struct incident *i)
{
	struct scribe *s = ctx;
	struct memory_incident kept;

	if (!s->memory)
		return;
	memory_incident_make(&kept, i, &s->now);
	memory_note_incident(s->memory, &kept);
	if (kept.source.family && (i->act == INCIDENT_BANNED || i->act == INCIDENT_WIDENED || i->act == INCIDENT_BY_HAND ||
		i->act == INCIDENT_LEARNED))
		note_ban(s, i, &kept.source);
	if (kept.source.family && (i->act == INCIDENT_LIFTED || i->act == INCIDENT_UNLEARNED))
		memory_note_unban(s->memory, &kept.source);
	s->deadly |= i->act == INCIDENT_DEADLY;
	s->seq = i->seq;
}

static void take(void *ctx, const void *record)
{
	(void)ctx;
	incident_pass(record);
}

/* Requests that killed since the last look. */
static void note_pathogens(struct scribe *s)
{
	uint64_t newest = s->pathogens_ns;

	for (uint32_t n = 0; n < PATHOGEN_SETS * PATHOGEN_WAYS; n++) {
		struct pathogen p;
		struct memory_pathogen kept;

		memcpy(&p, (const void *)(uintptr_t)&s->t->pathogens[n], sizeof(p));
		if (!p.fingerprint || p.last_ns <= s->pathogens_ns)
			continue;
		newest = p.last_ns > newest ? p.last_ns : newest;
		memory_pathogen_make(&kept, &p, &s->now);
		memory_note_pathogen(s->memory, &kept);
	}
	s->pathogens_ns = newest;
	s->deadly = false;
}

static void note_baseline(struct scribe *s)
{
	struct lymph state;
	struct memory_baseline b = { .name = MEMORY_BASELINE_EVIDENCE };
	__u32 zero = 0;

	if (bpf_map_lookup_elem(FD_LYMPH, &zero, &state) || !state.samples)
		return;
	b.mean = state.mean_milli / 1000.0;
	b.deviation = state.deviation_milli / 1000.0;
	b.samples = state.samples;
	memory_note_baseline(s->memory, &b);
	if (state.unwritten > s->lost)
		tissue_log(s->t, "%llu incidents came faster than they can be remembered; bans are kept all the same",
			(unsigned long long)(state.unwritten - s->lost));
	s->lost = state.unwritten;
}

/* One transaction, then the ring has its room back. What cannot be written waits in the queue; the ring is let fill up. */
static void scribe_flush(struct scribe *s)
{
	char place[MEMORY_FACT];

	if (s->seq != s->placed) {
		memory_place_make(place, (const char *)(uintptr_t)s->t->organism->id, s->seq);
		memory_note_fact(s->memory, MEMORY_FACT_PLACE, place);
		s->placed = s->seq;
	}
	if (s->deadly)
		note_pathogens(s);
	/* Once for each batch: the queue has better use for its room while the disk is full. */
	if (s->clean)
		note_baseline(s);
	s->flushed_ms = clock_ms();
	s->clean = !memory_flush(s->memory, s->flushed_ms);
	if (s->clean)
		ring_release(&s->ring);
}

static bool is_due(const struct scribe *s)
{
	return clock_ms() - s->flushed_ms >= BATCH_MS || cell_leaving;
}

static void scribe_turn(struct scribe *s)
{
	unsigned n;

	clock_read(s);
	/* Records that could not be written are tried again before others are read. */
	if (s->memory && memory_waiting(s->memory) && is_due(s))
		scribe_flush(s);
	do {
		n = s->memory && memory_waiting(s->memory) > BATCH_MOST ? 0 :
			ring_read(&s->ring, sizeof(struct incident), BATCH_MOST / 4, take, s);
		if (!s->memory)
			ring_release(&s->ring);
		else if (memory_waiting(s->memory) && (is_due(s) || memory_waiting(s->memory) > BATCH_MOST))
			scribe_flush(s);
	} while (n);
}

static void say(void *arg, const char *line)
{
	tissue_log(arg, "%s", line);
}

static void scribe_open(struct scribe *s, struct tissue *t)
{
	const struct memory_options options = { .path = t->germ->memory, .say = say, .arg = t };
	/* Edges: records that are read but not yet written do not wake again. */
	struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.u32 = EVENT_ANTIGEN };

	cw_assert(ring_open(&s->ring, FD_CHRONICLE, CHRONICLE_RING) == 0);
	/* It bans nobody, whatever the file makes of it. */
	cw_assert(syscall(SYS_close_range, FD_BAN, FD_ANTIGENS_MORE, 0) == 0);
	cw_assert(syscall(SYS_close_range, FD_ALLOW_V4, FD_ALLOW_V6, 0) == 0);
	cw_assert(epoll_ctl(plan_nest(t->plan, t->slot), EPOLL_CTL_ADD, FD_CHRONICLE, &e) == 0);
	cell_seal(t, MEMBRANE_SCRIBE);
	if (t->germ->memory[0] && cell_may_write())
		cw_assert(memory_open(&options, &s->memory) == 0);
	else if (t->germ->memory[0])
		tissue_log(t, "descends from blood, which may write no file: what is decided from now on is remembered at `down`");
	incident_listen(note_incident, s);
}

static int scribe_patience(const struct scribe *s)
{
	int watch = signal_watch(s->t);

	return s->memory && memory_waiting(s->memory) && watch > (int)BATCH_MS ? (int)BATCH_MS : watch;
}

void scribe_live(struct tissue *t)
{
	static struct scribe s;
	struct epoll_event e[4];

	s = (struct scribe){ .t = t, .clean = true };
	scribe_open(&s, t);
	while (!cell_leaving && !tcell_is_alone(t)) {
		scribe_turn(&s);
		if (cell_wait(plan_nest(t->plan, t->slot), e, 4, scribe_patience(&s)) > 0)
			cell_clear_nest(t);
		signal_take(t);
	}
	scribe_turn(&s);
	memory_close(s.memory);
	ring_release(&s.ring);
}
