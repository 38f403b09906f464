/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Broken links against scans: the same missing path, asked for by one source again, says nothing new of it. */
/*
 * Browsers ask for /favicon.ico and the like unasked, and a page may name a file that is not there: two hundred of them
 * behind one address ask for the same path two hundred times. Who scans asks for many different ones. So a 404 counts
 * once in a while for each source and path; the table forgets by being overwritten, which at worst counts one twice.
 */
#include "cells/blood.h"
#include "secret/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PLACES	 2048u
#define FRESH_MS 60000u

struct missing {
	struct {
		uint64_t of; /* source and path; 0: empty */
		uint64_t until_ms;
	} place[PLACES];
};

struct missing *missing_new(void)
{
	return calloc(1, sizeof(struct missing));
}

bool missing_is_news(struct artery *a, const struct conn *c, const char *path, size_t n)
{
	const uint64_t *secret = a->t->germ->fingerprint_key;
	uint64_t key[2] = { secret[0], secret[1] }, of;
	uint32_t at;

	key[0] ^= client_key(c);
	of = secret_short(path, n, key) | 1;
	at = (uint32_t)(of >> 32) % PLACES;
	if (a->missing->place[at].of == of && a->now_ms < a->missing->place[at].until_ms)
		return false;
	a->missing->place[at].of = of;
	a->missing->place[at].until_ms = a->now_ms + FRESH_MS;
	return true;
}
