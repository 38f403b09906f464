/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Strangers at the port of links: who did not prove the key becomes evidence, by the kernel's program and on the T cell's judgement. */
#include "cells/gamete.h"
#include "dna/dna.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* IPv4 mapped; of IPv6 the /64, as the source of a link. False when that is no address. */
static bool source_of_host(const struct host *h, uint8_t source[16])
{
	struct dna_listen at;

	if (!h->relation || !dna_listen_read(h->address, &at))
		return false;
	memset(source, 0, 16);
	if (at.family == AF_INET6) {
		memcpy(source, at.addr, 8);
	} else {
		source[10] = source[11] = 0xff;
		memcpy(source + 12, at.addr, 4);
	}
	return true;
}

/* A host of the family may hold a key of yesterday; its clients and itself are not to suffer for it. */
static bool is_known(const struct gamete_cell *g, const struct link *l)
{
	uint8_t source[16];

	for (unsigned i = 0; i < HOSTS_MAX; i++)
		if (source_of_host(&g->row[i], source) && !memcmp(source, l->source, sizeof(source)))
			return true;
	return false;
}

void foreign_present(const struct gamete_cell *g, const struct link *l, const char *what)
{
	struct present_call call = { .fd = (uint32_t)l->fd, .reason = ANTIGEN_FOREIGN, .rule = ANTIGEN_NO_RULE, .route = ANTIGEN_NO_RULE };

	if (!l->called || is_known(g, l))
		return;
	snprintf(call.detail, sizeof(call.detail), "link port: %s", what);
	lymph_run(FD_PRESENT, &call, sizeof(call));
}
