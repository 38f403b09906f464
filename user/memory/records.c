// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Between the records of the kernel's programs, on the boot clock, and those of the file, on the clock on the wall; pure.
#include "memory/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "immune/incident.h"

#define SECOND_NS 1000000000ULL

static uint64_t wall_of(uint64_t time_ns, const struct memory_clock *now)
{
	uint64_t ago_s = now->boot_ns > time_ns ? (now->boot_ns - time_ns) / SECOND_NS : 0;

	return now->wall_s > ago_s ? now->wall_s - ago_s : 0;
}

static uint64_t boot_of(uint64_t wall_s, const struct memory_clock *now)
{
	uint64_t ago_s = now->wall_s > wall_s ? now->wall_s - wall_s : 0;

	return ago_s < now->boot_ns / SECOND_NS ? now->boot_ns - ago_s * SECOND_NS : 0;
}

void memory_incident_make(struct memory_incident *to, const struct incident *from, const struct memory_clock *now)
{
	memset(to, 0, sizeof(*to));
	to->wall_s = wall_of(from->time_ns, now);
	if (!incident_address(&from->source, &to->source))
		to->source.family = 0;
	snprintf(to->reason, sizeof(to->reason), "%s", antigen_name(from->reason));
	snprintf(to->detail, sizeof(to->detail), "%.*s", (int)sizeof(from->detail) - 1, from->detail);
	_Static_assert(sizeof(to->decision) >= INCIDENT_DECISION, "a decision fits");
	incident_decision(from, to->decision);
}

static uint32_t reason_of(const char *name)
{
	for (uint32_t r = ANTIGEN_NONE; r < ANTIGEN_COUNT; r++)
		if (!strcmp(name, antigen_name(r)))
			return r;
	return ANTIGEN_NONE;
}

bool memory_incident_read(const struct memory_incident *from, struct incident *to, const struct memory_clock *now)
{
	memset(to, 0, sizeof(*to));
	if (!incident_decision_read(from->decision, to))
		return false;
	to->time_ns = boot_of(from->wall_s, now);
	if (from->source.family)
		to->source = incident_source(&from->source);
	to->reason = reason_of(from->reason);
	snprintf(to->detail, sizeof(to->detail), "%.*s", (int)sizeof(to->detail) - 1, from->detail);
	return true;
}

void memory_pathogen_make(struct memory_pathogen *to, const struct pathogen *from, const struct memory_clock *now)
{
	memset(to, 0, sizeof(*to));
	snprintf(to->fingerprint, sizeof(to->fingerprint), "%016" PRIx64, (uint64_t)from->fingerprint);
	snprintf(to->shape, sizeof(to->shape), "%.*s", (int)sizeof(from->detail) - 1, from->detail);
	to->wall_s = wall_of(from->last_ns, now);
	to->deaths = from->deaths;
}

bool memory_pathogen_read(const struct memory_pathogen *from, struct pathogen *to, const struct memory_clock *now)
{
	char *end;

	memset(to, 0, sizeof(*to));
	to->fingerprint = strtoull(from->fingerprint, &end, 16);
	if (strlen(from->fingerprint) != 16 || *end || !to->fingerprint || !from->deaths)
		return false;
	to->first_ns = to->last_ns = boot_of(from->wall_s, now);
	to->deaths = from->deaths;
	to->route = ANTIGEN_NO_RULE;
	snprintf(to->detail, sizeof(to->detail), "%.*s", (int)sizeof(to->detail) - 1, from->shape);
	return true;
}

void memory_place_make(char to[MEMORY_FACT], const char *life, uint64_t seq)
{
	snprintf(to, MEMORY_FACT, "%.19s %" PRIu64, life, seq);
}

uint64_t memory_place_read(const char *text, const char *life)
{
	size_t n = strlen(life);

	return !strncmp(text, life, n) && text[n] == ' ' ? strtoull(text + n, NULL, 10) : 0;
}
