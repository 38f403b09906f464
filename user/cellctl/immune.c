// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// cellctl immune: what the operator bans, lifts and protects; refuses bans that would hit the host or its friends.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "cellctl/immune.h"
#include "cellctl/neverban.h"
#include "cellctl/observe.h"
#include "cellctl/pins.h"
#include "cellctl/remember.h"
#include "cellctl/verb.h"
#include "immune/ban.h"
#include "immune/incident.h"
#include "immune/ttl.h"
#include "tissue/tissue.h"

static int maps_open(const struct invocation *in, const char *name, struct ban_maps *maps)
{
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		maps->fd[i] = -1;
	for (int i = 0; i < BAN_MAP_COUNT; i++) {
		maps->fd[i] = pin_map(in, name, ban_map_names[i], false);
		if (maps->fd[i] == -ENOENT)
			return verb_say(VERB_NOT_RUNNING, "%s has no map %s: it is not running, or only half", name,
				ban_map_names[i]);
		if (maps->fd[i] < 0)
			return verb_say(VERB_FAILED, "cannot open the map %s of %s: %s", ban_map_names[i], name,
				strerror(-maps->fd[i]));
	}
	return VERB_DONE;
}

static void maps_close(struct ban_maps *maps)
{
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		if (maps->fd[i] >= 0)
			close(maps->fd[i]);
}

/* What was written may not be what will be kept; the operator is told on standard error. */
static int prefix_read(const char *text, struct address *a)
{
	char name[ADDRESS_TEXT];
	unsigned int notice;

	if (address_parse(text, a, &notice))
		return verb_say(VERB_USAGE,
			"\"%s\" is no address or prefix; 192.0.2.7, 192.0.2.0/24 and 2001:db8::/64 are", text);
	if (notice & ADDRESS_MAPPED)
		verb_say(0, "note: %s is IPv4 in IPv6 notation; taken as %s", text, address_format(a, name));
	if (notice & ADDRESS_MASKED)
		verb_say(0, "note: %s has bits beyond its length; taken as %s", text, address_format(a, name));
	return VERB_DONE;
}

/* As the host is now: addresses may have changed since `up`. */
static int refuse_friend(void *arg, const struct address *friend, enum allowance_origin origin)
{
	const struct address *ban = arg;
	char name[ADDRESS_TEXT], its[ADDRESS_TEXT];

	if (!address_meets(ban, friend))
		return VERB_DONE;
	address_format(ban, name);
	if (address_covers(friend, ban))
		return verb_say(VERB_FAILED, "%s is not banned: it is %s", name, immune_origin(origin));
	return verb_say(VERB_FAILED, "%s is not banned: it contains %s, %s", name, address_format(friend, its),
		immune_origin(origin));
}

static int refuse_allowed(void *arg, const struct address *allowed, const struct allowance *allowance)
{
	const struct address *ban = arg;
	char name[ADDRESS_TEXT], allowed_name[ADDRESS_TEXT];

	if (!address_meets(ban, allowed))
		return VERB_DONE;
	return verb_say(VERB_FAILED, "%s is not banned: %s is on the never-ban list (%s)", address_format(ban, name),
		address_format(allowed, allowed_name), immune_origin(allowance->origin));
}

static int refuse(const struct immune *call, struct address *ban)
{
	const char *wide = address_too_wide(ban);
	char name[ADDRESS_TEXT];
	int ret;

	if (wide)
		return verb_say(VERB_FAILED, "%s is not banned: %s", address_format(ban, name), wide);
	ret = neverban_each(refuse_friend, ban);
	if (ret < 0)
		return verb_say(VERB_FAILED, "cannot list the addresses of this host, so nothing is banned: %s", strerror(-ret));
	if (ret)
		return ret;
	ret = ban_list_allow(&call->maps, refuse_allowed, ban);
	if (ret < 0)
		return verb_say(VERB_FAILED, "cannot read the never-ban list, so nothing is banned: %s",
			strerror(-ret));
	return ret;
}

/* For `watch`, the log and the memory. An organism that is only half there hears nothing of it. */
static void record(const struct immune *call, const struct address *ban, uint32_t act, uint64_t seconds)
{
	struct record_call what = { .source = incident_source(ban), .act = act, .ttl_s = (uint32_t)seconds };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &what, .ctx_size_in = sizeof(what));
	char path[PIN_PATH];
	int fd = pin_path(call->in, call->name, PIN_RECORD, path, sizeof(path)) ? -1 : bpf_obj_get(path);

	if (fd < 0)
		return;
	bpf_prog_test_run_opts(fd, &run);
	close(fd);
}

static int immune_ban(struct immune *call)
{
	struct address ban = address_of_ban(&call->address);
	char name[ADDRESS_TEXT], written[ADDRESS_TEXT];
	int ret;

	address_format(&ban, name);
	if (ban.bits != call->address.bits)
		verb_say(0, "note: IPv6 sources are judged by their /64; for %s that is %s",
			address_format(&call->address, written), name);
	ret = refuse(call, &ban);
	if (ret)
		return ret;
	ret = ban_add(&call->maps, &ban, call->now_ns, ttl_expiry(call->now_ns, call->seconds), ANTIBODY_BY_HAND);
	if (ret == -ENOSPC)
		return verb_say(VERB_FAILED,
			"%s is not banned: the list is full; \"immune list\" clears what has expired, "
			"the DNA's antibodies option sets the size",
			name);
	if (ret)
		return verb_say(VERB_FAILED, "%s is not banned: %s", name, strerror(-ret));
	record(call, &ban, INCIDENT_BY_HAND, call->seconds);
	if (call->seconds == TTL_FOREVER)
		printf("%s is banned until lifted\n", name);
	else
		printf("%s is banned for %llu s\n", name, (unsigned long long)call->seconds);
	return VERB_DONE;
}

/* Names the bans that still hold when the one asked for was not there. */
static int name_covering(void *arg, const struct address *ban, const struct antibody *antibody)
{
	const struct immune *call = arg;
	char name[ADDRESS_TEXT];

	if (address_covers(ban, &call->address) && !ttl_expired(call->now_ns, antibody->expires_ns))
		verb_say(0, "note: it lies in %s, which is", address_format(ban, name));
	return 0;
}

static int immune_unban(struct immune *call)
{
	struct address ban = address_of_ban(&call->address);
	char name[ADDRESS_TEXT];
	int ret = ban_remove(&call->maps, &ban), lifted = refused_lift(call->in, call->name, &ban);

	address_format(&ban, name);
	if (!lifted)
		printf("%s is no longer refused behind trusted proxies\n", name);
	if (!lifted && ret == -ENOENT)
		return VERB_DONE;
	if (ret == -ENOENT) {
		verb_say(0, "%s is not banned", name);
		ban_list(&call->maps, name_covering, call);
		return VERB_FAILED;
	}
	if (ret)
		return verb_say(VERB_FAILED, "the ban of %s is not lifted: %s", name, strerror(-ret));
	record(call, &ban, INCIDENT_LIFTED, 0);
	printf("%s is no longer banned\n", name);
	return VERB_DONE;
}

static int lift_covered(void *arg, const struct address *ban, const struct antibody *antibody)
{
	const struct immune *call = arg;
	char name[ADDRESS_TEXT];
	int ret;

	(void)antibody;
	if (!address_covers(&call->address, ban))
		return 0;
	printf("%s is no longer banned\n", address_format(ban, name));
	ret = ban_remove(&call->maps, ban);
	if (!ret)
		record(call, ban, INCIDENT_LIFTED, 0);
	return ret;
}

static int immune_allow(struct immune *call)
{
	char name[ADDRESS_TEXT];
	int ret;

	address_format(&call->address, name);
	if (call->address.bits == 0)
		return verb_say(VERB_FAILED, "%s is not allowed: that is every address there is", name);
	ret = ban_allow(&call->maps, &call->address, ALLOWANCE_BY_HAND);
	if (ret == -ENOSPC)
		return verb_say(VERB_FAILED, "%s is not allowed: the never-ban list is full", name);
	if (ret)
		return verb_say(VERB_FAILED, "%s is not allowed: %s", name, strerror(-ret));
	printf("%s will not be banned\n", name);
	ret = ban_list(&call->maps, lift_covered, call);
	if (ret)
		return verb_say(VERB_FAILED, "bans inside %s may be left: %s", name, strerror(-ret));
	return VERB_DONE;
}

static int refuse_own_entry(void *arg, const struct address *a, const struct allowance *allowance)
{
	const struct address *wanted = arg;
	char name[ADDRESS_TEXT];

	if (allowance->origin != ALLOWANCE_OWN || a->bits != wanted->bits || !address_covers(a, wanted))
		return 0;
	return verb_say(VERB_FAILED, "%s stays on the never-ban list: it is %s", address_format(a, name),
		immune_origin(allowance->origin));
}

static int immune_disallow(struct immune *call)
{
	char name[ADDRESS_TEXT];
	int ret = ban_list_allow(&call->maps, refuse_own_entry, &call->address);

	if (ret > 0)
		return ret;
	if (!ret)
		ret = ban_disallow(&call->maps, &call->address);
	address_format(&call->address, name);
	if (ret == -ENOENT)
		return verb_say(VERB_FAILED, "%s is not on the never-ban list", name);
	if (ret)
		return verb_say(VERB_FAILED, "%s stays on the never-ban list: %s", name, strerror(-ret));
	printf("%s may be banned again\n", name);
	return VERB_DONE;
}

static int immune_list(struct immune *call)
{
	int ret = immune_print(call, observe_is_on(call->in, call->name) == 1);

	return ret ? verb_say(VERB_FAILED, "cannot read the lists: %s", strerror(-ret)) : VERB_DONE;
}

static int immune_log(struct immune *call)
{
	int ret = immune_print_log(call->in, call->name, call->now_ns);

	return ret ? verb_say(VERB_FAILED, "the incidents cannot be read: %s", strerror(-ret)) : VERB_DONE;
}

static int immune_why(struct immune *call)
{
	int ret = immune_print_why(call->in, call->name, &call->maps, &call->address, call->now_ns);

	return ret ? verb_say(VERB_FAILED, "the maps cannot be read: %s", strerror(-ret)) : VERB_DONE;
}

enum takes { NOTHING, A_PREFIX, A_FILE, PERHAPS_A_FILE };

/* X(name, what it takes, the default of --ttl or NULL, takes --replace, changes bans) */
#define ACTIONS(X)                        \
	X(list, NOTHING, NULL, 0, 0)         \
	X(ban, A_PREFIX, "1h", 0, 1)         \
	X(unban, A_PREFIX, NULL, 0, 1)       \
	X(allow, A_PREFIX, NULL, 0, 1)       \
	X(disallow, A_PREFIX, NULL, 0, 0)    \
	X(why, A_PREFIX, NULL, 0, 0)         \
	X(log, NOTHING, NULL, 0, 0)          \
	X(import, A_FILE, "forever", 1, 1)   \
	X(export, PERHAPS_A_FILE, NULL, 0, 0) \
	X(observe, NOTHING, NULL, 0, 0)      \
	X(enforce, NOTHING, NULL, 0, 0)

struct action {
	const char *name;
	int (*act)(struct immune *call);
	enum takes takes;
	const char *ttl;
	bool replace;
	bool changes;
};

static const struct action actions[] = {
#define X(name, takes, ttl, replace, changes) { #name, immune_##name, takes, ttl, replace, changes },
	ACTIONS(X)
#undef X
};

static const struct action *action_find(const char *name)
{
	for (size_t i = 0; name && i < sizeof(actions) / sizeof(*actions); i++)
		if (!strcmp(actions[i].name, name))
			return &actions[i];
	return NULL;
}

/* Says what was not understood, if that is a name, and how each action is called. */
static int usage(const char *unknown)
{
	static const char *const takes[] = { [NOTHING] = "", [A_PREFIX] = " PREFIX", [A_FILE] = " FILE", [PERHAPS_A_FILE] = " [FILE]" };

	if (unknown)
		verb_say(0, "immune has no \"%s\"", unknown);
	fprintf(stderr, "usage:\n");
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		fprintf(stderr, "  cellctl immune %s%s%s%s\n", actions[i].name, takes[actions[i].takes],
			actions[i].ttl ? " [--ttl T]" : "", actions[i].replace ? " [--replace]" : "");
	fprintf(stderr, "list, why and log take --json; T is as in 20s, 5m, 2h, 1d, or forever\n");
	return VERB_USAGE;
}

/* Whether the words behind the action are as it takes them. */
static bool fits(const struct action *a, const struct invocation *rest, const char *ttl, bool replace)
{
	int n = rest->argc - 2;

	if ((ttl && !a->ttl) || (replace && !a->replace))
		return false;
	return n == (a->takes != NOTHING) || (n == 0 && a->takes == PERHAPS_A_FILE);
}

/* Whether a T cell will write down what was done; before there is evidence none lives. */
static bool is_written(const struct invocation *in, const char *name)
{
	int fd = pin_map(in, name, "census", true);
	__u32 class = CLASS_TCELL;
	struct census n = { 0 };

	if (fd < 0)
		return false;
	if (bpf_map_lookup_elem(fd, &class, &n))
		n.living = 0;
	close(fd);
	return n.living > 0;
}

static int run(const struct invocation *in, const struct action *action, struct immune *call)
{
	char name[32];
	int ret = verb_organism(in, name);

	if (ret)
		return ret;
	call->name = name;
	ret = maps_open(in, name, &call->maps);
	if (!ret)
		ret = action->act(call);
	/* A power cut must not cost what was done; of a whole list no T cell hears. */
	if (!ret && action->changes && (action->takes == A_FILE || !is_written(in, name)))
		remember_save(in, name, false);
	maps_close(&call->maps);
	return ret;
}

int verb_immune(const struct invocation *in)
{
	struct invocation rest = *in;
	struct immune call = { .json = in->json, .now_ns = clock_boot_ns() };
	const struct action *action;
	const char *ttl;
	int ret = verb_option(&rest, "--ttl", &ttl);

	if (ret)
		return ret;
	call.replace = verb_flag(&rest, "--replace");
	call.in = in;
	action = action_find(rest.argc > 1 ? rest.argv[1] : NULL);
	if (!action || !fits(action, &rest, ttl, call.replace))
		return usage(!action && rest.argc > 1 ? rest.argv[1] : NULL);
	if (action->ttl && ttl_parse(ttl ? ttl : action->ttl, &call.seconds))
		return verb_say(VERB_USAGE, "--ttl \"%s\" is no duration; 20s, 5m, 2h, 1d and forever are", ttl);
	if (action->takes == A_PREFIX)
		ret = prefix_read(rest.argv[2], &call.address);
	else if (rest.argc > 2)
		call.file = rest.argv[2];
	return ret ? ret : run(in, action, &call);
}
