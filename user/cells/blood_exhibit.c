/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Malformed answers are kept in their slots for a moment, so that every cell that is to vote can look for itself. */
#include "cells/blood.h"
#include "cells/evidence.h"
#include "cells/signal.h"

#define EXHIBIT_MS 500u /* busy cells hear of an accusation within a tenth of a second */

/*
 * Nothing of an exhibit has to outlive this cell: to an adopter it is a slot that nobody owns, which it frees, and so does
 * the death of its drone.
 */
void exhibit_show(struct artery *a, uint32_t slot)
{
	uint32_t drone = slot_drone(a->vessel->asked[slot].word);

	if (!evidence_look(a->t, drone, REASON_MALFORMED))
		return;
	if (a->exhibits < EXHIBITS_MAX)
		a->exhibit_next = slot + 1;
	signal_accuse(a->t, drone, REASON_MALFORMED);
}

bool exhibit_keep(struct artery *a, uint32_t slot)
{
	uint64_t word = a->vessel->asked[slot].word;

	if (a->exhibit_next != slot + 1)
		return false;
	a->exhibit_next = 0;
	if (slot_state(word) != SLOT_DONE && slot_state(word) != SLOT_PIECE)
		return false;
	a->exhibit[a->exhibits++] = (struct exhibit){ .slot = slot, .word = word, .until = a->now_ms + EXHIBIT_MS };
	if (a->now_ms + EXHIBIT_MS < a->next_due)
		a->next_due = a->now_ms + EXHIBIT_MS;
	return true;
}

void exhibits_sweep(struct artery *a)
{
	for (uint32_t i = a->exhibits; i--;) {
		struct exhibit e = a->exhibit[i];
		uint64_t word = a->vessel->asked[e.slot].word;

		if (a->now_ms < e.until) {
			if (e.until < a->next_due)
				a->next_due = e.until;
			continue;
		}
		a->exhibit[i] = a->exhibit[--a->exhibits];
		/* Another one: it has been let go already. Whatever a drone has made of the slot's own, it goes now. */
		if (word == e.word)
			slot_discard(a, e.slot, word);
	}
}
