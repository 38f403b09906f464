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
#include "immune/incident.h"
#include "immune/ttl.h"

static const char *source_format(const struct source *s, char *to)
{
	struct address a;

	return incident_address(s, &a) ? address_format(&a, to) : strcpy(to, "a client that is gone");
}

static double ago_s(uint64_t now_ns, uint64_t then_ns)
{
	return now_ns > then_ns ? (double)(now_ns - then_ns) / 1e9 : 0;
}

static json_t *incident_json(const struct incident *i, uint64_t now_ns)
{
	char source[ADDRESS_TEXT];

	return json_pack("{s:I, s:f, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "seq", (json_int_t)i->seq, "ago_s",
		ago_s(now_ns, i->time_ns), "source", source_format(&i->source, source), "act", incident_act_name(i->act), "reason",
		antigen_name(i->reason), "detail", i->detail, "score", (json_int_t)i->score, "ttl_s", (json_int_t)i->ttl_s,
		"offence", (json_int_t)i->offence, "evidence", (json_int_t)i->count);
}

static void incident_print(const struct incident *i, uint64_t now_ns)
{
	char source[ADDRESS_TEXT];

	printf("%8.1f s ago  %s %s", ago_s(now_ns, i->time_ns), source_format(&i->source, source), incident_act_text(i->act));
	if (i->act == INCIDENT_BANNED)
		printf(" for %u s (offence %u)", i->ttl_s, i->offence);
	printf(": it %s (%s)\n", antigen_text(i->reason), i->detail);
}

/* Records come from the kernel's own programs, but a newer version may know more names. */
static bool incident_read(int fd, __u64 seq, struct incident *i)
{
	__u32 at = (__u32)(seq % INCIDENTS_MAX);

	return !bpf_map_lookup_elem(fd, &at, i) && i->seq == seq && incident_is_known(i);
}

static int last_incident(const struct invocation *in, const char *name, __u64 *last)
{
	int fd = pin_map(in, name, "lymph", true), error = 0;
	struct lymph count;
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, &zero, &count))
		error = -errno;
	*last = error ? 0 : count.incidents;
	close(fd);
	return error;
}

int immune_print_log(const struct invocation *in, const char *name, uint64_t now_ns)
{
	int fd = pin_map(in, name, "incidents", true), error;
	json_t *list = json_array();
	__u64 last;

	if (fd < 0)
		return fd;
	error = last_incident(in, name, &last);
	for (__u64 seq = last > INCIDENTS_MAX ? last - INCIDENTS_MAX + 1 : 1; !error && seq <= last; seq++) {
		struct incident i;

		if (!incident_read(fd, seq, &i))
			continue;
		if (in->json)
			json_array_append_new(list, incident_json(&i, now_ns));
		else
			incident_print(&i, now_ns);
	}
	if (in->json && !error) {
		json_dumpf(list, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(list);
	close(fd);
	return error;
}

static bool suspect_read(const struct invocation *in, const char *name, const struct address *a, struct suspect *to)
{
	struct source s = { .family = a->family == AF_INET ? 4 : 6 };
	int fd = pin_map(in, name, "suspects", true);
	__u32 v4 = 0;
	bool found;

	if (fd < 0)
		return false;
	if (a->family == AF_INET) {
		address_key_v4(a, &v4);
		s.key = v4;
	} else {
		address_key_v6(a, &s.key);
	}
	found = !bpf_map_lookup_elem(fd, &s, to) && to->reason < ANTIGEN_COUNT;
	close(fd);
	return found;
}

struct why {
	const struct address *about;
	uint64_t now_ns;
	json_t *bans; /* NULL: text */
	int found;
};

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
		printf("evidence: %u pieces, the last %.1f s ago: it %s (%s); banned %u times so far\n", s->count,
			ago_s(w->now_ns, s->last_ns), antigen_text(s->reason), s->detail, s->offences);
	else
		printf("there is no evidence against it\n");
}

int immune_print_why(const struct invocation *in, const char *name, const struct ban_maps *maps, const struct address *about,
	uint64_t now_ns)
{
	struct address as = address_of_ban(about);
	struct why w = { .about = &as, .now_ns = now_ns, .bans = in->json ? json_array() : NULL };
	struct suspect s;
	bool known = suspect_read(in, name, &as, &s);
	int error = ban_list(maps, why_ban, &w);
	json_t *all;

	if (error || !in->json) {
		json_decref(w.bans);
		if (!error)
			why_text(&w, &s, known);
		return error;
	}
	all = json_pack("{s:o}", "bans", w.bans);
	if (known)
		json_object_set_new(all, "evidence",
			json_pack("{s:I, s:f, s:s, s:s, s:I}", "count", (json_int_t)s.count, "ago_s", ago_s(now_ns, s.last_ns),
				"reason", antigen_name(s.reason), "detail", s.detail, "offences", (json_int_t)s.offences));
	json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
	return 0;
}
