/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Takes events out of their ring, which is written to meanwhile. */
#include "cellctl/events.h"

/* So many events back a reader that fell behind goes on: the oldest ones would be overwritten before it gets there. */
#define RESUME (EVENTS_MAX - EVENTS_MAX / 8)
/* An event is written in far less time than it takes for so many others to happen. */
#define OVERDUE 64u

uint64_t events_newest(const volatile struct event *ring)
{
	uint64_t newest = 0;

	for (uint32_t i = 0; i < EVENTS_MAX; i++) {
		uint64_t seq = ring[i].seq;

		if (seq > newest)
			newest = seq;
	}
	return newest;
}

enum event_found events_read(const volatile struct event *ring, uint64_t seq, struct event *to)
{
	const volatile struct event *e = &ring[seq % EVENTS_MAX];
	uint64_t before = __atomic_load_n(&e->seq, __ATOMIC_ACQUIRE);

	if (before != seq)
		return before < seq ? EVENT_NOT_YET : EVENT_MISSED;
	*to = *e;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&e->seq, __ATOMIC_RELAXED) != seq)
		return EVENT_MISSED;
	to->seq = seq;
	return EVENT_WHOLE;
}

int events_next(struct events_reader *r, struct event *to, uint64_t *missed)
{
	enum event_found found = events_read(r->ring, r->next, to);
	uint64_t newest, next = r->next + 1;

	if (found == EVENT_WHOLE) {
		r->next++;
		return 1;
	}
	newest = events_newest(r->ring);
	if (found == EVENT_NOT_YET && newest < r->next + OVERDUE)
		return 0;
	if (newest > RESUME && next < newest - RESUME)
		next = newest - RESUME;
	*missed = next - r->next;
	r->next = next;
	return -1;
}
