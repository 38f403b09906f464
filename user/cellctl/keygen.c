/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl keygen: makes the secret keys in a file of their own, which only its owner may read; never overwrites one. */
#include "cellctl/verb.h"
#include "secret/secret.h"
#include "tissue/key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_FILE "cellws.key"

int verb_keygen(const struct invocation *in)
{
	const char *file = in->argc > 1 ? in->argv[1] : DEFAULT_FILE;
	static struct key_ring ring;
	int error;

	if (in->argc > 2 || file[0] == '-' || !file[0])
		return verb_usage("keygen");
	error = secret_lock(&ring, sizeof(ring));
	if (!error)
		error = key_ring_make(&ring);
	if (!error)
		error = key_ring_store(file, &ring);
	secret_unlock(&ring, sizeof(ring));
	if (error == -EEXIST)
		return verb_say(VERB_FAILED, "%s is there already and stays as it is; name another file", file);
	if (error)
		return verb_say(VERB_FAILED, "%s cannot be made: %s", file, strerror(-error));
	printf("%s: a new secret key, for its owner only\nNow name it in the DNA: key = \"%s\"%s\n", file, file,
		geteuid() ? "\n`up` reads it as root: make it root's first (sudo chown root)" : "");
	return VERB_DONE;
}
