/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Building the automaton of a DNA's signatures, and writing it into one bank of the kernel's maps. */
#include "cellctl/signatures.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#define BLOCK ((uint32_t)(sizeof(struct signature_cells) / sizeof(uint16_t)))

int signatures_build(const struct dna *d, struct automaton_table *to)
{
	const char *match[DNA_SIGNS_MAX];
	size_t n[DNA_SIGNS_MAX];

	for (uint32_t i = 0; i < d->signature_count; i++) {
		match[i] = d->signature[i].match;
		n[i] = strlen(match[i]);
	}
	return automaton_build(to, match, n, d->signature_count);
}

uint32_t signatures_room(const struct automaton_table *t)
{
	uint32_t twice = 2 * t->cells;

	return twice > SIGNATURE_ROOM_LEAST ? twice : SIGNATURE_ROOM_LEAST;
}

int signatures_fill(int heads, int cells, const struct automaton_table *t, uint32_t bank, uint32_t room)
{
	struct signature_head head = t->head;

	if (t->cells > room)
		return -ENOSPC;
	head.at = bank * room;
	for (uint32_t i = 0; i < t->cells / BLOCK; i++) {
		uint32_t key = head.at / BLOCK + i;

		if (bpf_map_update_elem(cells, &key, t->cell + i * BLOCK, BPF_ANY))
			return -errno;
	}
	return bpf_map_update_elem(heads, &bank, &head, BPF_ANY) ? -errno : 0;
}

bool signatures_are_same(const struct dna *a, const struct dna *b)
{
	bool same = a->signature_count == b->signature_count;

	for (uint32_t i = 0; same && i < a->signature_count; i++)
		same = !strcmp(a->signature[i].match, b->signature[i].match);
	return same;
}
