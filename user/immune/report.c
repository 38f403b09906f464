/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Puts incidents into words. What is in them was made printable by the kernel's program; JSON is escaped all the same. */
#include "immune/report.h"
#include "immune/incident.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool source_format(const struct source *s, char *to)
{
	struct address a;

	if (!incident_address(s, &a))
		return false;
	address_format(&a, to);
	return true;
}

static void time_format(const struct incident *i, const struct report_clock *clock, char *to, size_t room)
{
	int64_t ago = (int64_t)((clock->boot_ns > i->time_ns ? clock->boot_ns - i->time_ns : 0) / 1000000000u);
	time_t t = (time_t)(clock->real_s - ago);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(to, room, "%Y-%m-%dT%H:%M:%SZ", &tm))
		to[0] = 0;
}

char *report_line(const struct incident *i, const char *organism, const struct report_clock *clock)
{
	char source[ADDRESS_TEXT], when[32], host[17], detail[ANTIGEN_DETAIL], *text, *line = NULL;
	json_t *o;
	int n;

	snprintf(detail, sizeof(detail), "%.*s", (int)sizeof(i->detail), i->detail);
	time_format(i, clock, when, sizeof(when));
	o = json_pack("{s:s, s:I, s:s, s:s, s:o, s:b, s:s, s:o, s:I, s:I, s:I, s:I, s:s}", "organism", organism, "seq",
		(json_int_t)i->seq, "time", when, "act", incident_act_name(i->act), "source",
		source_format(&i->source, source) ? json_string(source) : json_null(), "behind_proxy", i->source.via, "reason",
		antigen_name(i->reason), "rule",
		i->rule == ANTIGEN_NO_RULE ? json_null() : json_integer(i->rule), "score", (json_int_t)i->score, "ttl_s",
		(json_int_t)i->ttl_s, "offence", (json_int_t)i->offence, "evidence", (json_int_t)i->count, "detail", detail);
	snprintf(host, sizeof(host), "%016llx", (unsigned long long)i->host);
	if (o && i->host)
		json_object_set_new(o, "host", json_string(host));
	text = o ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	json_decref(o);
	n = text ? asprintf(&line, "%s\n", text) : -1;
	free(text);
	return n < 0 ? NULL : line;
}

/* Whether from now on something is kept out, for ttl_s seconds. */
static bool incident_begins(const struct incident *i)
{
	return i->act == INCIDENT_BANNED || i->act == INCIDENT_REFUSED || i->act == INCIDENT_WIDENED || i->act == INCIDENT_BY_HAND;
}

void report_text(const struct incident *i, char *to)
{
	char source[ADDRESS_TEXT] = "a client that is gone", length[32] = "";

	if (i->act == INCIDENT_CONTAGION)
		strcpy(source, "a client");
	source_format(&i->source, source);
	if (i->ttl_s && incident_begins(i))
		snprintf(length, sizeof(length), " for %u s", i->ttl_s);
	if (i->reason == ANTIGEN_NONE)
		snprintf(to, REPORT_TEXT, "%s %s%s", source, incident_act_text(i->act), length);
	else
		snprintf(to, REPORT_TEXT, "%s %s%s: it %s (%.*s)", source, incident_act_text(i->act), length, antigen_text(i->reason),
			(int)sizeof(i->detail) - 1, i->detail);
}

uint32_t report_wait(uint32_t last_ms, uint64_t lived_ms)
{
	if (!last_ms || lived_ms >= REPORT_WAIT_MAX)
		return REPORT_WAIT_MIN;
	return last_ms < REPORT_WAIT_MAX / 2 ? last_ms * 2 : REPORT_WAIT_MAX;
}

unsigned report_words(char *command, char **words, unsigned most)
{
	unsigned n = 0;
	char *rest, *word = strtok_r(command, " \t", &rest);

	for (; word; word = strtok_r(NULL, " \t", &rest)) {
		if (n == most)
			return 0;
		words[n++] = word;
	}
	words[n] = NULL;
	return n && words[0][0] == '/' ? n : 0;
}
