// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Shows the bans and the never-ban list, as text or JSON, and clears bans that are over.
#include "cellctl/immune.h"

#include <errno.h>
#include <stdio.h>
#include <jansson.h>
#include "immune/ttl.h"

/* Both forms are printed from the JSON tree, so they cannot disagree. */
struct lists {
	const struct ban_maps *maps;
	uint64_t now_ns;
	json_t *antibodies;
	json_t *allow;
	json_t *refused;
	bool observes;
};

const char *immune_origin(__u32 origin)
{
	static const char *const text[] = {
#define X(NAME, words) words,
		ALLOWANCE_ORIGINS(X)
#undef X
	};

	return origin < ALLOWANCE_ORIGIN_COUNT ? text[origin] : "unknown";
}

const char *immune_reason(__u32 reason)
{
	static const char *const text[] = {
#define X(NAME, words) words,
		ANTIBODY_REASONS(X)
#undef X
	};

	return reason < ANTIBODY_REASON_COUNT ? text[reason] : "unknown";
}

static int add_antibody(void *arg, const struct address *a, const struct antibody *antibody)
{
	struct lists *to = arg;
	char name[ADDRESS_TEXT];
	json_t *left, *entry;

	if (ttl_expired(to->now_ns, antibody->expires_ns))
		return ban_expire(to->maps, a, to->now_ns);
	left = json_null();
	if (antibody->expires_ns)
		left = json_integer((json_int_t)ttl_left(to->now_ns, antibody->expires_ns));
	entry = json_pack("{s:s, s:o, s:I, s:s}", "prefix", address_format(a, name), "expires_in_s", left, "hits",
		(json_int_t)antibody->hits, "reason", immune_reason(antibody->reason));
	return json_array_append_new(to->antibodies, entry) ? -ENOMEM : 0;
}

static int add_allowance(void *arg, const struct address *a, const struct allowance *allowance)
{
	struct lists *to = arg;
	char name[ADDRESS_TEXT];
	json_t *entry = json_pack("{s:s, s:s, s:I}", "prefix", address_format(a, name), "origin",
		immune_origin(allowance->origin), "hits", (json_int_t)allowance->hits);

	return json_array_append_new(to->allow, entry) ? -ENOMEM : 0;
}

static const char *string_at(const json_t *entry, const char *key)
{
	return json_string_value(json_object_get(entry, key));
}

static long long number_at(const json_t *entry, const char *key)
{
	return json_integer_value(json_object_get(entry, key));
}

static void print_text(const struct lists *lists)
{
	json_t *entry;
	size_t i;

	if (lists->observes)
		printf("observing: no ban is enforced; `cellctl immune enforce` ends that\n\n");
	printf("%-24s %12s %12s  %s\n", "banned", "seconds left", "hits", "reason");
	json_array_foreach(lists->antibodies, i, entry)
	{
		char left[24] = "forever";

		if (json_is_integer(json_object_get(entry, "expires_in_s")))
			snprintf(left, sizeof(left), "%lld", number_at(entry, "expires_in_s"));
		printf("%-24s %12s %12lld  %s\n", string_at(entry, "prefix"), left, number_at(entry, "hits"),
			string_at(entry, "reason"));
	}
	if (json_array_size(lists->refused))
		printf("\n%-24s %12s %12s  %s\n", "answered 403", "seconds left", "", "behind trusted proxies, because of");
	json_array_foreach(lists->refused, i, entry)
		printf("%-24s %12lld %12s  %s\n", string_at(entry, "prefix"), number_at(entry, "expires_in_s"), "",
			string_at(entry, "reason"));
	printf("\n%-24s %12s %12s  %s\n", "never banned", "", "hits", "origin");
	json_array_foreach(lists->allow, i, entry)
		printf("%-24s %12s %12lld  %s\n", string_at(entry, "prefix"), "", number_at(entry, "hits"),
			string_at(entry, "origin"));
}

int immune_print(const struct immune *call, bool observes)
{
	const struct ban_maps *maps = &call->maps;
	struct lists lists = { .maps = maps, .now_ns = call->now_ns, .antibodies = json_array(), .allow = json_array(),
		.refused = json_array(), .observes = observes };
	json_t *root = json_pack("{s:O, s:O, s:O, s:b}", "antibodies", lists.antibodies, "allow", lists.allow, "refused", lists.refused,
		"observing", observes);
	int ret = root ? 0 : -ENOMEM;

	if (!ret)
		ret = ban_list(maps, add_antibody, &lists);
	if (!ret)
		ret = ban_list_allow(maps, add_allowance, &lists);
	if (!ret)
		ret = refused_read(call->in, call->name, call->now_ns, lists.refused);
	if (!ret && call->json) {
		json_dumpf(root, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (!ret) {
		print_text(&lists);
	}
	json_decref(lists.antibodies);
	json_decref(lists.allow);
	json_decref(lists.refused);
	json_decref(root);
	return ret;
}
