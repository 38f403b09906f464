/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl immune observe and enforce: the living organism counts what it would refuse, or refuses it, from one moment on. */
#include "cellctl/observe.h"
#include "cellctl/immune.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "shared/hormone.h"

/* Whole pages are mapped, whatever the size of the record. */
static int map_rules(const struct invocation *in, const char *name, bool write, volatile struct constitution **rules)
{
	int fd = pin_map(in, name, "constitution", false);
	void *at;

	if (fd < 0)
		return fd;
	at = mmap(NULL, sizeof(**rules), PROT_READ | (write ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return -errno;
	*rules = at;
	return 0;
}

static void unmap_rules(volatile struct constitution *rules)
{
	munmap((void *)(uintptr_t)rules, sizeof(*rules));
}

int observe_is_on(const struct invocation *in, const char *name)
{
	volatile struct constitution *rules;
	int error = map_rules(in, name, false, &rules);

	if (error)
		return error;
	error = rules->observe != 0;
	unmap_rules(rules);
	return error;
}

/* One store of one field: the other rules are not touched, and nobody sees half of it. */
static int set(struct immune *call, bool observe)
{
	volatile struct constitution *rules;
	int error = map_rules(call->in, call->name, true, &rules);

	if (error)
		return verb_say(VERB_FAILED, "the rules of %s cannot be changed: %s", call->name, strerror(-error));
	rules->observe = observe;
	unmap_rules(rules);
	return VERB_DONE;
}

int immune_observe(struct immune *call)
{
	int code = set(call, true);

	if (!code)
		printf("%s observes from now on: nothing is dropped, refused or banned, only counted; "
		       "`cellctl immune enforce` ends that\n", call->name);
	return code;
}

int immune_enforce(struct immune *call)
{
	int code = set(call, false);

	if (!code)
		printf("%s enforces from now on: it drops, refuses and bans\n", call->name);
	return code;
}
