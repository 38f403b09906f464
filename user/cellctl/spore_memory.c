/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Offenders and deadly requests into a spore, and out of one beside what the new host remembers itself. */
#include "cellctl/spore_memory.h"
#include "cellctl/pins.h"
#include "link/immunity.h"
#include "link/wire.h"
#include "tissue/tissue.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Entries that change meanwhile may be missed or come twice; never more than there is room for. */
static int pack_offences(int fd, uint64_t now_ns, struct spore_memory *to)
{
	struct source at, next;
	bool first = true;

	to->offences = malloc((size_t)OFFENDERS_MAX * OFFENCE_WIRE_BYTES);
	if (!to->offences)
		return -ENOMEM;
	while (to->offences_n < (uint64_t)OFFENDERS_MAX * OFFENCE_WIRE_BYTES && !bpf_map_get_next_key(fd, first ? NULL : &at, &next)) {
		struct offender o;

		first = false;
		at = next;
		if (bpf_map_lookup_elem(fd, &next, &o) || !o.offences || !next.key || now_ns - o.last_ns > OFFENDER_NS)
			continue;
		offence_wire_write(&next, &o, now_ns, to->offences + to->offences_n);
		to->offences_n += OFFENCE_WIRE_BYTES;
	}
	return 0;
}

static int pack_pathogens(int fd, uint64_t now_ns, struct spore_memory *to)
{
	to->pathogens = malloc((size_t)PATHOGENS_MAX * PATHOGEN_WIRE_BYTES);
	if (!to->pathogens)
		return -ENOMEM;
	for (__u32 i = 0; i < PATHOGENS_MAX; i++) {
		struct pathogen p;

		if (bpf_map_lookup_elem(fd, &i, &p) || !p.fingerprint || !p.deaths)
			continue;
		pathogen_wire_write(&p, now_ns, to->pathogens + to->pathogens_n);
		to->pathogens_n += PATHOGEN_WIRE_BYTES;
	}
	return 0;
}

int spore_memory_pack(const struct invocation *in, const char *name, struct spore_memory *to)
{
	int offenders = pin_map(in, name, "offenders", true), pathogens = pin_map(in, name, "pathogens", true);
	uint64_t now_ns = clock_boot_ns();
	int error = offenders < 0 ? offenders : pathogens < 0 ? pathogens : 0;

	*to = (struct spore_memory){ 0 };
	if (!error)
		error = pack_offences(offenders, now_ns, to);
	if (!error)
		error = pack_pathogens(pathogens, now_ns, to);
	if (offenders >= 0)
		close(offenders);
	if (pathogens >= 0)
		close(pathogens);
	if (error)
		spore_memory_free(to);
	return error;
}

void spore_memory_free(struct spore_memory *m)
{
	free(m->offences);
	free(m->pathogens);
	*m = (struct spore_memory){ 0 };
}

static int read_offences(const struct spore_part *p, uint64_t now_ns, struct remembered *to)
{
	struct source source;
	struct offender o;

	if (!p || !p->n)
		return 0;
	if (p->n % OFFENCE_WIRE_BYTES)
		return -EBADMSG;
	to->offences_room = p->n / OFFENCE_WIRE_BYTES;
	to->offences = calloc(to->offences_room, sizeof(*to->offences));
	if (!to->offences)
		return -ENOMEM;
	for (uint64_t at = 0; at < p->n; at += OFFENCE_WIRE_BYTES) {
		if (offence_wire_read(&source, &o, now_ns, p->bytes + at))
			return -EBADMSG;
		to->offences[to->offences_n++] = (struct offence){ source, o.offences };
	}
	return 0;
}

static int read_pathogens(const struct spore_part *p, uint64_t now_ns, struct remembered *to)
{
	if (!p || !p->n)
		return 0;
	if (p->n % PATHOGEN_WIRE_BYTES)
		return -EBADMSG;
	to->pathogens_room = p->n / PATHOGEN_WIRE_BYTES;
	to->pathogens = calloc(to->pathogens_room, sizeof(*to->pathogens));
	if (!to->pathogens)
		return -ENOMEM;
	for (uint64_t at = 0; at < p->n; at += PATHOGEN_WIRE_BYTES)
		if (pathogen_wire_read(&to->pathogens[to->pathogens_n++], now_ns, p->bytes + at))
			return -EBADMSG;
	return 0;
}

int spore_memory_read(const struct spore *s, const uint8_t key[16], struct remembered *to)
{
	uint64_t now_ns = clock_boot_ns();
	int error;

	*to = (struct remembered){ .fingerprint_key = { wire_get64(key), wire_get64(key + 8) } };
	error = read_offences(spore_find(s, SPORE_OFFENCES, 0), now_ns, to);
	if (!error)
		error = read_pathogens(spore_find(s, SPORE_PATHOGENS, 0), now_ns, to);
	if (!error)
		return 0;
	remembered_free(to);
	return error == -ENOMEM ? verb_say(VERB_FAILED, "there is no memory for what the spore remembers") :
				  verb_say(VERB_FAILED, "the spore is refused: what it remembers is malformed");
}

/* Grows a list by so many records of that size. */
static void *grown(void *list, size_t have, size_t more, size_t size)
{
	return more ? reallocarray(list, have + more, size) : list;
}

/* What came is put last and so holds: a source that is known on both sides counts as often as on the mother's. */
static int join_offences(struct remembered *mine, const struct remembered *came)
{
	struct offence *all = grown(mine->offences, mine->offences_n, came->offences_n, sizeof(*all));

	if (!all && came->offences_n)
		return -ENOMEM;
	for (size_t i = 0; i < came->offences_n; i++)
		all[mine->offences_n + i] = came->offences[i];
	mine->offences = all;
	mine->offences_n += came->offences_n;
	mine->offences_room = mine->offences_n;
	return 0;
}

static bool has_pathogen(const struct remembered *r, size_t n, uint64_t fingerprint)
{
	for (size_t i = 0; i < n; i++)
		if (r->pathogens[i].fingerprint == fingerprint)
			return true;
	return false;
}

static int join_pathogens(struct remembered *mine, const struct remembered *came)
{
	struct pathogen *all = grown(mine->pathogens, mine->pathogens_n, came->pathogens_n, sizeof(*all));
	size_t had = mine->pathogens_n;

	if (!all && came->pathogens_n)
		return -ENOMEM;
	mine->pathogens = all;
	mine->pathogens_room = had + came->pathogens_n;
	for (size_t i = 0; i < came->pathogens_n; i++)
		if (!has_pathogen(mine, had, came->pathogens[i].fingerprint))
			all[mine->pathogens_n++] = came->pathogens[i];
	return 0;
}

int spore_memory_join(struct remembered *mine, const struct remembered *came)
{
	int error;

	if (memcmp(mine->fingerprint_key, came->fingerprint_key, sizeof(mine->fingerprint_key)) != 0)
		mine->pathogens_n = 0;
	memcpy(mine->fingerprint_key, came->fingerprint_key, sizeof(mine->fingerprint_key));
	error = join_offences(mine, came);
	return error ? error : join_pathogens(mine, came);
}
