/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hosts that refuse the newest DNA of the family. */
#ifndef CELLWS_CELLCTL_HOSTS_DNA_H
#define CELLWS_CELLCTL_HOSTS_DNA_H

#include <stdint.h>
#include "cellctl/hosts.h"
#include "shared/spread.h"

struct refusals {
	uint64_t self;
	uint32_t newest; /* generation of which something was said; 0: of none */
	unsigned n;
	struct uptake row[UPTAKES_MAX];
};

/* Empty when there are no links. */
void refusals_read(const struct invocation *in, const char *name, struct refusals *to);

/* Of one host: an object or null; a line or nothing. */
json_t *refusals_json(const struct refusals *r, uint64_t id);
void refusals_print(const struct refusals *r, uint64_t id);

/* Of those that are not among the n rows: this host, and hosts that are no near relatives. */
void refusals_add(const struct refusals *r, const struct host *rows, int n, json_t *all);
void refusals_print_others(const struct refusals *r, const struct host *rows, int n);

#endif
