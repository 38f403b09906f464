/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Incidents in words, and those who listen for them. */
#include "immune/incident.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct {
	incident_taker taker;
	void *ctx;
} takers[INCIDENT_TAKERS_MAX];
static unsigned taker_count;

int incident_listen(incident_taker taker, void *ctx)
{
	if (taker_count == INCIDENT_TAKERS_MAX)
		return -ENOSPC;
	takers[taker_count].taker = taker;
	takers[taker_count++].ctx = ctx;
	return 0;
}

void incident_pass(const struct incident *i)
{
	for (unsigned n = 0; n < taker_count; n++)
		takers[n].taker(takers[n].ctx, i);
}

const char *incident_act_text(uint32_t act)
{
	static const char *const texts[INCIDENT_COUNT] = {
		[INCIDENT_NONE] = "unknown",
#define X(NAME, name, text) [INCIDENT_##NAME] = text,
		INCIDENTS(X)
#undef X
	};

	return texts[act < INCIDENT_COUNT ? act : INCIDENT_NONE];
}

const char *incident_act_name(uint32_t act)
{
	static const char *const names[INCIDENT_COUNT] = {
		[INCIDENT_NONE] = "unknown",
#define X(NAME, name, text) [INCIDENT_##NAME] = #name,
		INCIDENTS(X)
#undef X
	};

	return names[act < INCIDENT_COUNT ? act : INCIDENT_NONE];
}

const char *antigen_text(uint32_t reason)
{
	static const char *const texts[ANTIGEN_COUNT] = {
		[ANTIGEN_NONE] = "nothing known",
#define X(NAME, name, text) [ANTIGEN_##NAME] = text,
		ANTIGENS(X)
#undef X
	};

	return texts[reason < ANTIGEN_COUNT ? reason : ANTIGEN_NONE];
}

const char *antigen_name(uint32_t reason)
{
	static const char *const names[ANTIGEN_COUNT] = {
		[ANTIGEN_NONE] = "none",
#define X(NAME, name, text) [ANTIGEN_##NAME] = #name,
		ANTIGENS(X)
#undef X
	};

	return names[reason < ANTIGEN_COUNT ? reason : ANTIGEN_NONE];
}

bool incident_is_known(const struct incident *i)
{
	return i->act < INCIDENT_COUNT && i->reason < ANTIGEN_COUNT;
}

bool incident_address(const struct source *s, struct address *to)
{
	unsigned char bytes[16] = { 0 };
	uint32_t v4 = (uint32_t)s->key;

	if (s->family == 4)
		memcpy(bytes, &v4, sizeof(v4));
	else
		memcpy(bytes, &s->key, sizeof(s->key));
	if (s->family == 4)
		return !address_make(AF_INET, bytes, s->bits ? s->bits : 32, to);
	return s->family == 6 && !address_make(AF_INET6, bytes, s->bits ? s->bits : 64, to);
}

struct source incident_source(const struct address *a)
{
	struct source s = { .family = a->family == AF_INET ? 4 : 6 };
	uint32_t v4;

	memcpy(&v4, a->bytes, sizeof(v4));
	if (s.family == 4)
		s.key = v4;
	else
		memcpy(&s.key, a->bytes, sizeof(s.key));
	s.bits = a->bits < (s.family == 4 ? 32 : 64) ? a->bits : 0;
	return s;
}

void incident_decision(const struct incident *i, char *to)
{
	int n = snprintf(to, INCIDENT_DECISION, "%s ttl_s=%u offence=%u score=%u evidence=%u", incident_act_name(i->act), i->ttl_s,
		i->offence, i->score, i->count);

	if (i->host && n > 0 && n < INCIDENT_DECISION)
		snprintf(to + n, INCIDENT_DECISION - (size_t)n, " host=%016llx", (unsigned long long)i->host);
}

bool incident_decision_read(const char *text, struct incident *to)
{
	unsigned long long host = 0;
	char name[16];

	/* Older records end before the host. */
	if (sscanf(text, "%15s ttl_s=%u offence=%u score=%u evidence=%u host=%16llx", name, &to->ttl_s, &to->offence, &to->score,
		    &to->count, &host) < 5)
		return false;
	to->host = host;
	for (uint32_t act = INCIDENT_NONE + 1; act < INCIDENT_COUNT; act++)
		if (!strcmp(name, incident_act_name(act))) {
			to->act = act;
			return true;
		}
	return false;
}
