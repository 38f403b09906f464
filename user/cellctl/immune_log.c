// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// cellctl immune log and why: what was decided, on which evidence, and how to undo it; read from the pinned maps.
#include "cellctl/immune.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <jansson.h>
#include "cellctl/pins.h"
#include "cellctl/remember.h"
#include "immune/incident.h"
#include "immune/ttl.h"
#include "shared/link.h"
#include "shared/verdict.h"

#define LOG_MOST 2048 /* incidents that are looked through in the file */

static const char *source_format(const struct source *s, char *to)
{
	struct address a;

	return incident_address(s, &a) ? address_format(&a, to) : strcpy(to, "a client that is gone");
}

static double ago_s(uint64_t now_ns, uint64_t then_ns)
{
	return now_ns > then_ns ? (double)(now_ns - then_ns) / 1e9 : 0;
}

/* Who is not known by an address is a client that is gone, or of another host. */
static const char *about_format(const struct incident *i, char to[ADDRESS_TEXT])
{
	if (i->act == INCIDENT_CONTAGION)
		return strcpy(to, "a client of another host");
	return source_format(&i->source, to);
}

static json_t *incident_json(const struct incident *i, uint64_t now_ns)
{
	char source[ADDRESS_TEXT], host[17];
	json_t *o = json_pack("{s:I, s:f, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "seq", (json_int_t)i->seq, "ago_s",
		ago_s(now_ns, i->time_ns), "source", about_format(i, source), "act", incident_act_name(i->act), "reason",
		antigen_name(i->reason), "detail", i->detail, "score", (json_int_t)i->score, "ttl_s", (json_int_t)i->ttl_s,
		"offence", (json_int_t)i->offence, "evidence", (json_int_t)i->count);

	snprintf(host, sizeof(host), "%016llx", (unsigned long long)i->host);
	if (i->host)
		json_object_set_new(o, "host", json_string(host));
	return o;
}

static void incident_print(const struct incident *i, uint64_t now_ns)
{
	char source[ADDRESS_TEXT];

	printf("%8.1f s ago  %s %s", ago_s(now_ns, i->time_ns), about_format(i, source), incident_act_text(i->act));
	if (i->act == INCIDENT_BANNED || i->act == INCIDENT_WIDENED)
		printf(" for %u s (offence %u)", i->ttl_s, i->offence);
	if ((i->act == INCIDENT_BY_HAND || i->act == INCIDENT_LEARNED) && i->ttl_s)
		printf(" for %u s", i->ttl_s);
	if (i->act == INCIDENT_WIDENED || i->act == INCIDENT_NARROW)
		printf(": %u of its 256 parts were banned", i->count);
	else if (i->reason)
		printf(": it %s (%s)", antigen_text(i->reason), i->detail);
	if (i->host)
		printf("; says host %016llx", (unsigned long long)i->host);
	putchar('\n');
}

/* The newest incidents that only the file knows, the newest first. */
struct older {
	struct incident *list;
	size_t n, skip;
	struct memory_clock now;
};

static int take_older(void *arg, const struct memory_incident *kept)
{
	struct older *o = arg;

	if (o->skip) {
		o->skip--;
		return 0;
	}
	if (memory_incident_read(kept, &o->list[o->n], &o->now))
		o->n++;
	return 0;
}

/* What is in the maps as well is passed over: the file knows up to where it has gone in this life. */
static void read_older(const struct invocation *in, const char *name, const struct lymph_known *k, struct older *o)
{
	uint64_t written, first = k->incidents_n ? k->incidents[0].seq : k->state.incidents + 1;
	char place[MEMORY_FACT] = "";
	struct memory *m;

	o->list = calloc(LOG_MOST, sizeof(*o->list));
	m = o->list && !memory_clock_read(&o->now) ? remember_open(in, name) : NULL;
	if (!m)
		return;
	memory_read_fact(m, MEMORY_FACT_PLACE, place);
	written = memory_place_read(place, k->life);
	o->skip = written >= first ? (size_t)(written - first + 1) : 0;
	if (o->skip < LOG_MOST)
		memory_each_incident(m, NULL, LOG_MOST, take_older, o);
	remember_close(m);
}

static void show(const struct invocation *in, json_t *list, const struct incident *i, uint64_t now_ns)
{
	if (in->json)
		json_array_append_new(list, incident_json(i, now_ns));
	else
		incident_print(i, now_ns);
}

int immune_print_log(const struct invocation *in, const char *name, uint64_t now_ns)
{
	struct lymph_known known;
	struct older older = { 0 };
	json_t *list = json_array();
	int error = lymph_known_read(in, name, &known);

	if (!error)
		read_older(in, name, &known, &older);
	for (size_t n = older.n; n--;)
		show(in, list, &older.list[n], now_ns);
	for (size_t n = 0; !error && n < known.incidents_n; n++)
		show(in, list, &known.incidents[n], now_ns);
	if (in->json && !error) {
		json_dumpf(list, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(list);
	free(older.list);
	lymph_known_free(&known);
	return error;
}

static uint32_t offences_read(const struct invocation *in, const char *name, const struct address *a)
{
	struct source s = incident_source(a);
	int fd = pin_map(in, name, "offenders", true);
	struct offender o = { 0 };

	if (fd < 0)
		return 0;
	if (bpf_map_lookup_elem(fd, &s, &o))
		o.offences = 0;
	close(fd);
	return o.offences;
}

static int take_newest(void *arg, const struct memory_incident *kept)
{
	struct older *o = arg;

	if (!memory_incident_read(kept, o->list, &o->now) || !o->list->reason)
		return 0;
	o->n = 1;
	return 1;
}

/* What the file says of a source whose evidence is of an earlier life. */
static bool suspect_remembered(const struct invocation *in, const char *name, const struct address *a, struct suspect *to)
{
	struct incident newest;
	struct older o = { .list = &newest };
	struct memory *m = memory_clock_read(&o.now) ? NULL : remember_open(in, name);

	if (!m)
		return false;
	memory_each_incident(m, a, LOG_MOST, take_newest, &o);
	remember_close(m);
	if (!o.n)
		return false;
	*to = (struct suspect){ .last_ns = newest.time_ns, .count = newest.count, .reason = newest.reason };
	memcpy(to->detail, newest.detail, sizeof(to->detail));
	return true;
}

/* What stands against an address itself, else against it as a client behind a trusted proxy, else what is remembered. */
static bool suspect_read(const struct invocation *in, const char *name, const struct address *a, struct suspect *to)
{
	struct source s = incident_source(a);
	int fd = pin_map(in, name, "suspects", true);
	bool found = false;

	if (fd < 0)
		return false;
	for (s.via = 0; s.via < 2 && !found; s.via++)
		found = !bpf_map_lookup_elem(fd, &s, to) && to->reason < ANTIGEN_COUNT;
	close(fd);
	return found || suspect_remembered(in, name, a, to);
}

struct why {
	const struct address *about;
	uint64_t now_ns;
	json_t *bans; /* NULL: text */
	int found;
	uint32_t offences;
	uint64_t host; /* that has decided it, 0: this one */
};

/* Which other host the newest word on a source is from. */
static uint64_t host_read(const struct invocation *in, const char *name, const struct address *a)
{
	struct source s = incident_source(a);
	int fd = pin_map(in, name, "shared", true);
	struct tiding t = { 0 };

	if (fd < 0)
		return 0;
	if (bpf_map_lookup_elem(fd, &s, &t) || !t.from)
		t.origin = 0;
	close(fd);
	return t.origin;
}

static int why_ban(void *arg, const struct address *ban, const struct antibody *antibody)
{
	struct why *w = arg;
	char name[ADDRESS_TEXT];

	if (!address_covers(ban, w->about) || ttl_expired(w->now_ns, antibody->expires_ns))
		return 0;
	w->found++;
	if (w->bans)
		return json_array_append_new(w->bans, json_pack("{s:s, s:s, s:I}", "prefix", address_format(ban, name), "by",
							      immune_reason(antibody->reason), "left_s",
							      (json_int_t)(antibody->expires_ns ? ttl_left(w->now_ns, antibody->expires_ns) : 0)));
	printf("%s is banned by %s", address_format(ban, name), immune_reason(antibody->reason));
	if (antibody->reason == ANTIBODY_BY_PEER && w->host)
		printf(" (%016llx)", (unsigned long long)w->host);
	if (antibody->expires_ns)
		printf("; %llu s are left", (unsigned long long)ttl_left(w->now_ns, antibody->expires_ns));
	printf("; to undo it: cellctl immune unban %s\n", name);
	return 0;
}

static void why_text(const struct why *w, const struct suspect *s, bool known)
{
	char name[ADDRESS_TEXT];

	if (!w->found)
		printf("%s is not banned\n", address_format(w->about, name));
	if (known)
		printf("evidence: %u piece%s, the last %.1f s ago: it %s (%s); banned %u time%s so far\n", s->count,
			s->count == 1 ? "" : "s", ago_s(w->now_ns, s->last_ns), antigen_text(s->reason), s->detail, w->offences,
			w->offences == 1 ? "" : "s");
	else
		printf("there is no evidence against it\n");
}

int immune_print_why(const struct invocation *in, const char *name, const struct ban_maps *maps, const struct address *about,
	uint64_t now_ns)
{
	struct address as = address_of_ban(about);
	struct why w = { .about = &as, .now_ns = now_ns, .bans = in->json ? json_array() : NULL,
		.offences = offences_read(in, name, &as), .host = host_read(in, name, &as) };
	struct suspect s;
	bool known = suspect_read(in, name, &as, &s);
	int error = ban_list(maps, why_ban, &w);
	uint64_t refused = refused_left(in, name, &as, now_ns);
	char text[ADDRESS_TEXT];
	json_t *all;

	if (refused && !in->json)
		printf("%s is answered 403 behind trusted proxies; %llu s are left; to undo it: cellctl immune unban %s\n",
			address_format(&as, text), (unsigned long long)refused, text);
	if (error || !in->json) {
		json_decref(w.bans);
		if (!error)
			why_text(&w, &s, known);
		return error;
	}
	all = json_pack("{s:o, s:I}", "bans", w.bans, "refused_left_s", (json_int_t)refused);
	if (known)
		json_object_set_new(all, "evidence",
			json_pack("{s:I, s:f, s:s, s:s, s:I}", "count", (json_int_t)s.count, "ago_s", ago_s(now_ns, s.last_ns),
				"reason", antigen_name(s.reason), "detail", s.detail, "offences", (json_int_t)w.offences));
	json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
	return 0;
}
