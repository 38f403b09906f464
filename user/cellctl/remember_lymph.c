// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Offences, deadly requests, what is usual and what was decided: between the pinned maps of an organism and its memory.
#include "cellctl/remember.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cellctl/pins.h"
#include "immune/incident.h"

#define FLUSH_EVERY 1024u

static int put_offences(const struct remembered *r, int fd)
{
	int error = 0;

	for (size_t i = 0; i < r->offences_n && !error; i++) {
		struct offender o = { .last_ns = r->now.boot_ns, .offences = r->offences[i].offences };

		error = bpf_map_update_elem(fd, &r->offences[i].source, &o, BPF_ANY);
	}
	/* More than are ever known at a time: the rest begins anew. */
	return error == -E2BIG ? 0 : error;
}

/* Each in its own set, as long as there is a place: those that killed most first would need more than they are worth. */
static int put_pathogens(const struct remembered *r, int fd, struct lymph *state)
{
	for (size_t i = 0; i < r->pathogens_n; i++) {
		__u32 set = pathogen_set(r->pathogens[i].fingerprint);

		for (__u32 way = 0; way < PATHOGEN_WAYS; way++) {
			__u32 at = set + way;
			struct pathogen there;

			if (bpf_map_lookup_elem(fd, &at, &there))
				return -errno;
			if (there.fingerprint)
				continue;
			if (bpf_map_update_elem(fd, &at, &r->pathogens[i], BPF_ANY))
				return -errno;
			state->pathogens += r->pathogens[i].deaths >= PATHOGEN_DEADLY;
			break;
		}
	}
	return 0;
}

static __u32 milli_of(double x)
{
	return x > 0 && x < 4000000 ? (__u32)(x * 1000) : 0;
}

int lymph_known_restore(const struct remembered *r, const struct lymph_maps *maps)
{
	struct lymph state;
	__u32 zero = 0;
	int error = bpf_map_lookup_elem(maps->lymph, &zero, &state);

	if (!error)
		error = put_offences(r, maps->offenders);
	if (!error)
		error = put_pathogens(r, maps->pathogens, &state);
	state.mean_milli = milli_of(r->evidence.mean);
	state.deviation_milli = milli_of(r->evidence.deviation);
	state.samples = r->evidence.samples;
	return error ? error : bpf_map_update_elem(maps->lymph, &zero, &state, BPF_ANY);
}

static void read_pathogens(int fd, struct lymph_known *k)
{
	for (__u32 i = 0; i < PATHOGEN_SETS * PATHOGEN_WAYS; i++)
		if (!bpf_map_lookup_elem(fd, &i, &k->pathogens[k->pathogens_n]) && k->pathogens[k->pathogens_n].fingerprint)
			k->pathogens_n++;
}

/* The oldest first. */
static void read_incidents(int fd, struct lymph_known *k)
{
	__u64 last = k->state.incidents;

	for (__u64 seq = last > INCIDENTS_MAX ? last - INCIDENTS_MAX + 1 : 1; seq <= last; seq++) {
		struct incident *i = &k->incidents[k->incidents_n];
		__u32 at = (__u32)(seq % INCIDENTS_MAX);

		if (!bpf_map_lookup_elem(fd, &at, i) && i->seq == seq && incident_is_known(i))
			k->incidents_n++;
	}
}

static int read_self(int lymph, int organism, struct lymph_known *k)
{
	struct organism self;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(lymph, &zero, &k->state) || bpf_map_lookup_elem(organism, &zero, &self))
		return -errno;
	memcpy(k->life, self.id, sizeof(k->life));
	k->life[sizeof(k->life) - 1] = 0;
	return 0;
}

int lymph_known_read(const struct invocation *in, const char *name, struct lymph_known *k)
{
	static const char *const names[] = { "lymph", "organism", "pathogens", "incidents" };
	int fd[4], error = 0;

	memset(k, 0, sizeof(*k));
	k->pathogens = calloc(PATHOGEN_SETS * PATHOGEN_WAYS + 1, sizeof(*k->pathogens));
	k->incidents = calloc(INCIDENTS_MAX + 1, sizeof(*k->incidents));
	if (!k->pathogens || !k->incidents)
		error = -ENOMEM;
	for (int i = 0; i < 4; i++) {
		fd[i] = pin_map(in, name, names[i], true);
		if (fd[i] < 0)
			error = fd[i];
	}
	if (!error)
		error = read_self(fd[0], fd[1], k);
	if (!error) {
		read_pathogens(fd[2], k);
		read_incidents(fd[3], k);
	}
	for (int i = 0; i < 4; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	return error;
}

void lymph_known_free(struct lymph_known *k)
{
	free(k->pathogens);
	free(k->incidents);
	k->pathogens = NULL;
	k->incidents = NULL;
}

static void write_incidents(const struct lymph_known *k, struct memory *m, const struct memory_clock *now)
{
	char text[MEMORY_FACT] = "";
	uint64_t written = memory_read_fact(m, MEMORY_FACT_PLACE, text) ? memory_place_read(text, k->life) : 0;

	for (size_t i = 0; i < k->incidents_n; i++) {
		struct memory_incident kept;

		if (k->incidents[i].seq <= written)
			continue;
		memory_incident_make(&kept, &k->incidents[i], now);
		memory_note_incident(m, &kept);
		memory_place_make(text, k->life, k->incidents[i].seq);
		if (i % FLUSH_EVERY == FLUSH_EVERY - 1)
			memory_flush(m, 0);
	}
	if (k->incidents_n)
		memory_note_fact(m, MEMORY_FACT_PLACE, text);
	memory_flush(m, 0);
}

void lymph_known_write(const struct lymph_known *k, struct memory *m, const struct memory_clock *now)
{
	struct memory_baseline b = { .name = MEMORY_BASELINE_EVIDENCE, .mean = k->state.mean_milli / 1000.0,
		.deviation = k->state.deviation_milli / 1000.0, .samples = k->state.samples };

	if (!k->life[0])
		return;
	if (b.samples)
		memory_note_baseline(m, &b);
	for (size_t i = 0; i < k->pathogens_n; i++) {
		struct memory_pathogen kept;

		memory_pathogen_make(&kept, &k->pathogens[i], now);
		memory_note_pathogen(m, &kept);
	}
	memory_flush(m, 0);
	write_incidents(k, m, now);
}
