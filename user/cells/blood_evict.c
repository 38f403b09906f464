/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Room for who comes when there is none: a connection that has long said nothing goes before its time is up. */
#include "cells/blood.h"

#define LOOKS     64u   /* records looked at for one */
#define SILENT_MS 1000u /* who has been silent for less may be about to speak */

/* For how long nothing was heard from a client of whom the next word is expected; 0 for others. */
static uint32_t silence(struct artery *a, uint32_t i)
{
	struct conn *c = conn_at(a, i);
	const struct dna *dna = &a->t->germ->dna;
	bool idle = c->requests && c->received == c->used;
	uint32_t due = *vessel_deadline(a->vessel, i), allowed = idle ? dna->idle_ms : screen_patience(a, dna->head_ms);
	int32_t left = (int32_t)(due - (uint32_t)a->now_ms);

	if (c->fd < 0 || c->phase != CONN_READING || !due || c->flags & (CONN_READABLE | CONN_STALE))
		return 0;
	return left > 0 && (uint32_t)left < allowed ? allowed - (uint32_t)left : 0;
}

bool blood_evict(struct artery *a)
{
	static uint64_t told_ms;
	uint32_t best = CONN_NONE, longest = SILENT_MS - 1, looks = a->vessel->high < LOOKS ? a->vessel->high : LOOKS;

	for (uint32_t n = 0; n < looks; n++) {
		uint32_t i = a->evict_at++ % a->vessel->high, silent = silence(a, i);

		if (silent <= longest)
			continue;
		longest = silent;
		best = i;
	}
	if (best == CONN_NONE)
		return false;
	blood_close(a, best);
	if (!told_ms || a->now_ms - told_ms >= TELL_AGAIN_MS) {
		told_ms = a->now_ms;
		tissue_log(a->t, "no room for more connections (%u open): silent ones are closed for new ones", a->open + 1);
	}
	return true;
}
