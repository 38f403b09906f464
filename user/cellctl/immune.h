/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The two halves of `cellctl immune`: what it does (immune.c) and what it shows (immune_print.c). */
#ifndef CELLWS_CELLCTL_IMMUNE_H
#define CELLWS_CELLCTL_IMMUNE_H

#include <stdbool.h>
#include "cellctl/verb.h"
#include "immune/ban.h"

/* Prints bans and the never-ban list to standard output; takes out bans that are over at now_ns. 0 or -errno. */
int immune_print(const struct ban_maps *maps, uint64_t now_ns, bool json);

/* immune_log.c: the incidents, and what stands against one address; as text or JSON. 0 or -errno. */
int immune_print_log(const struct invocation *in, const char *name, uint64_t now_ns);
int immune_print_why(const struct invocation *in, const char *name, const struct ban_maps *maps, const struct address *about,
	uint64_t now_ns);

/* Plain English for enum allowance_origin and enum antibody_reason. */
const char *immune_origin(__u32 origin);
const char *immune_reason(__u32 reason);

#endif
