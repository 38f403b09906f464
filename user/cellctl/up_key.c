/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The secret key on its way to the egg: from the DNA's file, or made for this life; here only until it is handed over. */
#include "cellctl/up.h"
#include "secret/secret.h"
#include "tissue/key.h"

#include <string.h>
#include <sys/resource.h>

#define LOCKED_BYTES (256u << 10)

static int get_key(const struct dna *dna, uint8_t key[KEY_BYTES])
{
	const char *why = "";
	int error;

	if (dna->key[0]) {
		error = key_load(dna->key, key, &why);
		return error ? verb_say(VERB_USAGE, "%s: key: %s %s (%s)", dna->file, dna->key, why, strerror(-error)) : 0;
	}
	error = key_make(key);
	return error ? verb_say(VERB_FAILED, "no key can be made: %s", strerror(-error)) : 0;
}

/* Every cell locks the key's page, twice where the memory is secret too: some hosts allow a user less than that. */
static void allow_lock(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_MEMLOCK, &l) || l.rlim_cur >= LOCKED_BYTES)
		return;
	l.rlim_cur = LOCKED_BYTES;
	if (l.rlim_max < LOCKED_BYTES)
		l.rlim_max = LOCKED_BYTES;
	setrlimit(RLIMIT_MEMLOCK, &l);
}

int up_key(struct up *u)
{
	uint8_t key[KEY_BYTES];
	int code = get_key(&u->germ.dna, key), fd;

	fd = code ? -1 : key_memfd(key);
	secret_wipe(key, sizeof(key));
	if (code)
		return code;
	if (fd < 0)
		return verb_say(VERB_FAILED, "there is no memory for the key: %s", strerror(-fd));
	allow_lock();
	up_plan_fd(u, FD_KEY, fd);
	return 0;
}
