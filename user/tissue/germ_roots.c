/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Document roots that travelled with a copy: the text of the DNA names the mother's, the cells have their own. */
#include "tissue/germ.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void keep(const struct germ *living, const struct dna *named, struct dna_route *r)
{
	for (uint32_t i = 0; i < named->route_count && i < living->dna.route_count; i++) {
		if (!named->route[i].carry || strcmp(named->route[i].root, r->root) != 0)
			continue;
		memcpy(r->root, living->dna.route[i].root, sizeof(r->root));
		return;
	}
}

int germ_keep_roots(const struct germ *living, struct dna *next)
{
	struct dna *named = calloc(1, sizeof(*named));
	char *said = NULL;
	size_t n = 0;
	FILE *out = named ? open_memstream(&said, &n) : NULL;

	if (!out) {
		free(named);
		return -ENOMEM;
	}
	/* What is lived by was read before; nothing is said of it. */
	if (!dna_parse(germ_bytes(living, living->text), living->text.n, living->origin, named, out))
		for (uint32_t i = 0; i < next->route_count; i++)
			if (next->route[i].root[0])
				keep(living, named, &next->route[i]);
	fclose(out);
	free(said);
	free(named);
	return 0;
}
