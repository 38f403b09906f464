/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl hosts expel: casts this host's vote that another is to be expelled, or takes it back; the gamete signs and spreads it. */
#include "cellctl/hosts.h"
#include "tissue/tissue.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID_DIGITS 16

static bool read_id(const char *text, __u64 *id)
{
	char *end;

	if (strlen(text) != ID_DIGITS || strspn(text, "0123456789abcdef") != ID_DIGITS)
		return false;
	*id = strtoull(text, &end, 16);
	return *id != 0;
}

static int read_state(const struct invocation *in, const char *name, struct link_state *state)
{
	int fd = pin_map(in, name, "link_state", true);
	__u32 zero = 0;
	int error = 0;

	if (fd < 0)
		return verb_say(VERB_NOT_RUNNING, "%s is not running: its map link_state cannot be opened: %s", name, strerror(-fd));
	if (bpf_map_lookup_elem(fd, &zero, state))
		error = errno;
	close(fd);
	if (error)
		return verb_say(VERB_FAILED, "the state of links cannot be read: %s", strerror(error));
	return state->on ? 0 : verb_say(VERB_FAILED, "%s is linked to no other host: link.listen is not in its DNA", name);
}

/* NULL when this host does not know it. */
static const struct host *find(const struct invocation *in, const char *name, __u64 id)
{
	static struct host rows[HOSTS_MAX];
	int n = hosts_read(in, name, rows);

	for (int i = 0; i < n; i++)
		if (rows[i].id == id)
			return &rows[i];
	return NULL;
}

static int put_wish(const struct invocation *in, const char *name, __u64 id, bool withdrawn)
{
	struct wish w = { .stamp = clock_wall_ns(), .withdrawn = withdrawn };
	int fd = pin_map(in, name, "wishes", false), error = 0;

	if (fd < 0)
		error = -fd;
	else if (bpf_map_update_elem(fd, &id, &w, BPF_ANY))
		error = errno;
	if (fd >= 0)
		close(fd);
	if (error == E2BIG)
		return verb_say(VERB_FAILED, "this host has voted on %u others already, which is the most", WISHES_MAX);
	return error ? verb_say(VERB_FAILED, "the vote cannot be cast: %s", strerror(error)) : 0;
}

static int check(const struct invocation *in, const char *name, __u64 id, const struct link_state *state, bool withdraw)
{
	const struct host *h = find(in, name, id);

	if (id == state->self)
		return verb_say(VERB_FAILED, "that is this host; to take it out of the family: cellctl down");
	if (h && h->relation == RELATION_EXPELLED)
		return withdraw ? verb_say(VERB_FAILED, "it is expelled already: no vote brings it back") :
				  verb_say(VERB_FAILED, "it is expelled already");
	if (!h && !withdraw)
		verb_say(0, "no relative of this host has that number; the vote goes to all hosts of the family all the same");
	return 0;
}

int hosts_expel(const struct invocation *in, bool withdraw)
{
	struct link_state state;
	char name[32];
	__u64 id;
	int code;

	if (in->argc != 3 || !read_id(in->argv[2], &id))
		return verb_usage("hosts");
	code = verb_organism(in, name);
	if (!code)
		code = read_state(in, name, &state);
	if (!code)
		code = check(in, name, id, &state, withdraw);
	if (!code)
		code = put_wish(in, name, id, withdraw);
	if (code)
		return code;
	if (withdraw)
		printf("this host no longer votes to expel %s\n", in->argv[2]);
	else
		printf("this host votes to expel %s; it is when more than half of the hosts do: %u were reached lately, this one counted%s\n",
			in->argv[2], state.family, state.family < 3 ? "; of fewer than three no majority is possible: use `cellctl key rotate`" : "");
	return VERB_DONE;
}
