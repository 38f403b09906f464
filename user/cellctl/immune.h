/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The two halves of `cellctl immune`: what it does (immune.c) and what it shows (immune_print.c). */
#ifndef CELLWS_CELLCTL_IMMUNE_H
#define CELLWS_CELLCTL_IMMUNE_H

#include <jansson.h>
#include <stdbool.h>
#include "cellctl/verb.h"
#include "immune/ban.h"

/* One call: the organism's maps and what is left of the command line. */
struct immune {
	struct ban_maps maps;
	struct address address;
	const char *file; /* NULL: none */
	uint64_t seconds; /* how long a ban lasts */
	uint64_t now_ns;
	bool json;
	const struct invocation *in;
	const char *name; /* the organism's */
	bool replace; /* what the list before held goes */
};

/* immune_import.c: block lists. The exit code, said. */
int immune_import(struct immune *call);
int immune_export(struct immune *call);

/* Prints bans and the never-ban list to standard output; takes out bans that are over at now_ns. 0 or -errno. */
int immune_print(const struct immune *call, bool observes);

/* immune_refused.c: clients behind trusted proxies, an address or a /64 each. */
/* Lets it be answered again. 0, -ENOENT or -errno. */
int refused_lift(const struct invocation *in, const char *name, const struct address *a);
/* Adds all to a JSON list. 0 or -errno. */
int refused_read(const struct invocation *in, const char *name, uint64_t now_ns, json_t *list);
/* Seconds for which it is refused still; 0: it is not. */
uint64_t refused_left(const struct invocation *in, const char *name, const struct address *a, uint64_t now_ns);

/* immune_log.c: the incidents, and what stands against one address; as text or JSON. 0 or -errno. */
int immune_print_log(const struct invocation *in, const char *name, uint64_t now_ns);
int immune_print_why(const struct invocation *in, const char *name, const struct ban_maps *maps, const struct address *about,
	uint64_t now_ns);

/* Plain English for enum allowance_origin and enum antibody_reason. */
const char *immune_origin(__u32 origin);
const char *immune_reason(__u32 reason);

#endif
