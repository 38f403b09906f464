/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is each host's own in a DNA that hosts share: it stays as it is where another's DNA is taken on. Pure. */
#include <string.h>
#include "dna/parts.h"

static void keep(const struct dna *own, struct dna *next, int option)
{
	const struct dna_option *o = &dna_options[option];

	if (o->type == DNA_TYPE_ADDRESSES) {
		memcpy(next->listen, own->listen, sizeof(next->listen));
		next->listen_count = own->listen_count;
	} else if (o->type == DNA_TYPE_ENDPOINT) {
		next->link = own->link;
	} else {
		memcpy((char *)next + o->offset, (const char *)own + o->offset, o->room);
	}
}

void dna_keep_own(const struct dna *own, struct dna *next)
{
	static const int all[] = {
#define X(option) DNA_##option,
		DNA_OWN(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		keep(own, next, all[i]);
}
