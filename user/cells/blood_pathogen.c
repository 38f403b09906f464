/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Immunity to deadly requests: known by their fingerprint, refused after the second death, before any drone sees them. */
#include "cells/blood.h"
#include "immune/fingerprint.h"

#include <string.h>

void pathogen_mark(struct artery *a, struct conn *c, uint32_t slot)
{
	/* From what blood itself has read: drones can write into the slot already. */
	struct fingerprint_of of = {
		.method = c->method,
		.route = c->route,
		.path = a->path,
		.path_n = a->path_n,
		.query = vessel_byte(a->vessel, c, c->used) + a->request.query.at,
		.query_n = a->request.query.n,
		.body = (const char *)a->synapse->data[slot] + SLOT_BODY_AT,
		.body_n = c->flags & CONN_HAS_BODY ? conn_in(c)->staged : 0,
	};

	a->vessel->asked[slot].fingerprint = fingerprint_make(&of, a->t->germ->fingerprint_key);
}

bool pathogen_refuses(struct artery *a, const struct conn *c, uint32_t slot)
{
	uint64_t fingerprint = a->vessel->asked[slot].fingerprint;
	const volatile struct pathogen *set = &a->t->pathogens[pathogen_set(fingerprint)];

	for (uint32_t i = 0; i < PATHOGEN_WAYS; i++) {
		if (set[i].fingerprint != fingerprint || set[i].deaths < PATHOGEN_DEADLY)
			continue;
		screen_present(a, c, ANTIGEN_PATHOGEN, c->route, a->path, a->path_n);
		return true;
	}
	return false;
}

/* The slot it died over, or SYNAPSE_SLOTS: a request it has parked is none. While one is TAKEN, no other is worked on. */
static uint32_t find_culprit(struct artery *a, uint32_t drone)
{
	uint32_t found = SYNAPSE_SLOTS, others = 0;

	for (uint32_t i = 0; i < SYNAPSE_SLOTS; i++) {
		uint64_t word;

		if (!asked_is_with(a, i, drone) || !asked_look(a, i, &word))
			continue;
		if (slot_state(word) == SLOT_TAKEN)
			return i;
		if (slot_state(word) == SLOT_FED || slot_state(word) == SLOT_MORE) {
			found = i;
			others++;
		}
	}
	return others == 1 ? found : SYNAPSE_SLOTS;
}

void pathogen_blame(struct artery *a, uint32_t drone)
{
	uint32_t slot = find_culprit(a, drone), i, head_n;
	struct blame_call call = { .drone = drone, .fd = ~0u };
	const char *head;

	if (slot >= SYNAPSE_SLOTS)
		return;
	i = a->vessel->asked[slot].asker;
	head = (const char *)a->synapse->data[slot] + SLOT_HEAD_AT;
	head_n = *(const volatile uint32_t *)&a->synapse->slot[slot].head_n;
	if (asked_has_asker(a, slot)) {
		call.fd = (uint32_t)conn_at(a, i)->fd;
		client_claim(conn_at(a, i), &call.claimed);
	}
	call.fingerprint = a->vessel->asked[slot].fingerprint;
	call.route = a->vessel->asked[slot].route;
	/* It goes into the log: printable, whatever a drone has made of it. */
	for (uint32_t n = 0; n < ANTIGEN_DETAIL - 1 && n < head_n; n++) {
		char byte = *(const volatile char *)&head[n];

		if (byte == '\r')
			break;
		call.detail[n] = byte >= ' ' && byte <= '~' ? byte : '?';
	}
	if (!lymph_run(FD_BLAME, &call, sizeof(call)) && call.answer == GLAND_OK && call.deaths == PATHOGEN_DEADLY)
		tissue_log(a->t, "a request has killed two drones and is refused from now on: %s", call.detail);
}
