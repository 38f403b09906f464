/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl key: prints the public key that other hosts are told to trust; puts a new generation in the place of a key. */
#include "cellctl/key.h"
#include "cellctl/germ.h"
#include "cellctl/host_place.h"
#include "immune/ttl.h"
#include "secret/secret.h"
#include "shared/link.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_ACCEPT_S 86400u

int key_path(const struct invocation *in, const char *name, char to[PIN_PATH])
{
	int n = snprintf(to, PIN_PATH, "%s/%s/key", in->run_dir, name);

	return n < 0 || n >= PIN_PATH ? -ENAMETOOLONG : 0;
}

int key_file(const struct invocation *in, const char *name, char to[PIN_PATH])
{
	char path[PIN_PATH];
	ssize_t n;

	if (key_path(in, name, path))
		return -ENAMETOOLONG;
	n = readlink(path, to, PIN_PATH);
	if (n >= PIN_PATH)
		return -ENAMETOOLONG;
	if (n < 0 && errno != EINVAL)
		return -errno;
	if (n < 0)
		memcpy(to, path, PIN_PATH);
	else
		to[n] = 0;
	return 0;
}

static int load(const char *file, struct key_ring *ring)
{
	const char *why = "";

	if (key_ring_load(file, ring, &why))
		return verb_say(VERB_FAILED, "%s %s", file, why);
	if (!ring->identity.credential.generation)
		return verb_say(VERB_FAILED, "%s is of an older version and holds no pair: `cellctl key rotate` makes one", file);
	return 0;
}

int key_catch_up(const struct invocation *in, const char *name, const char *file, struct key_ring *ring)
{
	int error;

	if (!host_follow_key(in, name, ring))
		return 0;
	error = key_ring_replace(file, ring);
	if (error)
		verb_say(0, "%s stays behind the key of %s, which is of generation %u: %s", file, name, ring->identity.credential.generation,
			strerror(-error));
	else
		verb_say(0, "%s: now the key of generation %u, which another host has told of", file, ring->identity.credential.generation);
	return error;
}

/* Alone, an organism has the key that its file says. */
static bool is_linked(const struct invocation *in, const char *name)
{
	struct link_state l;

	return name[0] && !pin_link_state(in, name, &l) && l.on;
}

int key_of(const struct invocation *in, const char *name, struct key_ring *ring)
{
	char file[PIN_PATH];
	int error = key_file(in, name, file), code;

	if (error)
		return verb_say(VERB_FAILED, "the key of %s is not found in %s/%s: %s", name, in->run_dir, name, strerror(-error));
	code = load(file, ring);
	if (!code && is_linked(in, name))
		key_catch_up(in, name, file, ring);
	return code;
}

int key_public_read(const char *text, uint8_t public[SECRET_PUBLIC_BYTES])
{
	return secret_read(text, strlen(text), public, SECRET_PUBLIC_BYTES);
}

/* The file that was named (name: ""), or that of the living organism; *accept_s: as the DNA says. */
static int find_file(const struct invocation *in, int at, char file[PIN_PATH], char name[32], uint64_t *accept_s)
{
	int code, error;

	name[0] = 0;
	*accept_s = DEFAULT_ACCEPT_S;
	if (in->argc > at) {
		if (snprintf(file, PIN_PATH, "%s", in->argv[at]) >= PIN_PATH)
			return verb_say(VERB_USAGE, "the file's name is too long");
		return 0;
	}
	code = verb_organism(in, name);
	if (code)
		return code;
	error = key_file(in, name, file);
	if (error)
		return verb_say(VERB_FAILED, "the key of %s is not found in %s/%s: %s", name, in->run_dir, name, strerror(-error));
	return germ_previous_key_s(in, name, accept_s);
}

static int print_public(const struct invocation *in)
{
	static struct key_ring ring;
	char file[PIN_PATH], name[32], text[KEY_PUBLIC_TEXT];
	uint64_t accept_s;
	int code = in->argc > 2 ? verb_usage("key") : find_file(in, 1, file, name, &accept_s);

	if (code)
		return code;
	if (secret_lock(&ring, sizeof(ring)))
		return verb_say(VERB_FAILED, "there is no memory for the key: %s", strerror(errno));
	code = load(file, &ring);
	if (!code && is_linked(in, name))
		key_catch_up(in, name, file, &ring);
	if (!code) {
		secret_write(ring.identity.credential.public, SECRET_PUBLIC_BYTES, text, sizeof(text));
		puts(text);
	}
	secret_unlock(&ring, sizeof(ring));
	return code;
}

/* For the cells that live, and by them for other hosts. */
static void pass_on(const struct invocation *in, const char *name, const struct key_ring *before, const struct key_ring *after)
{
	int error;

	if (!is_linked(in, name) || !before->identity.credential.generation)
		return;
	error = host_pass_key(in, name, before, after);
	if (error)
		verb_say(0, "linked hosts are not told: %s", strerror(-error));
}

static int replace(const struct invocation *in, const char *name, const char *file, struct key_ring ring[2], uint64_t accept_s)
{
	const char *why = "";
	char text[KEY_PUBLIC_TEXT];
	int error;

	if (key_ring_load(file, &ring[0], &why))
		return verb_say(VERB_FAILED, "%s %s", file, why);
	if (is_linked(in, name) && key_catch_up(in, name, file, &ring[0]))
		return VERB_FAILED;
	ring[1] = ring[0];
	error = key_ring_rotate(&ring[1], (uint64_t)time(NULL) + accept_s);
	if (!error)
		error = key_ring_replace(file, &ring[1]);
	if (error == -EEXIST)
		return verb_say(VERB_FAILED, "%s.new is left of an attempt that was interrupted; remove it first", file);
	if (error)
		return verb_say(VERB_FAILED, "%s stays as it was: %s", file, strerror(-error));
	pass_on(in, name, &ring[0], &ring[1]);
	secret_write(ring[1].identity.credential.public, SECRET_PUBLIC_BYTES, text, sizeof(text));
	printf("%s: generation %u, accepted for %llu s by who trusts the one before; its public key:\n%s\n", file,
		ring[1].identity.credential.generation, (unsigned long long)accept_s, text);
	return 0;
}

static int rotate(const struct invocation *in, const char *accept)
{
	static struct key_ring ring[2];
	char file[PIN_PATH], name[32];
	uint64_t accept_s, said_s;
	int code;

	if (in->argc < 2 || in->argc > 3 || strcmp(in->argv[1], "rotate") != 0)
		return verb_usage("key");
	if (accept && (ttl_parse(accept, &said_s) || said_s == TTL_FOREVER))
		return verb_say(VERB_USAGE, "--accept: \"%s\" is no duration; allowed: as in 20s, 5m, 2h, 1d", accept);
	code = find_file(in, 2, file, name, &accept_s);
	if (code)
		return code;
	if (secret_lock(ring, sizeof(ring)))
		return verb_say(VERB_FAILED, "there is no memory for the key: %s", strerror(errno));
	code = replace(in, name, file, ring, accept ? said_s : accept_s);
	secret_unlock(ring, sizeof(ring));
	return code;
}

int verb_key(const struct invocation *in)
{
	struct invocation mine = *in;
	const char *accept;

	if (verb_option(&mine, "--accept", &accept))
		return VERB_USAGE;
	if (verb_flag(&mine, "--public"))
		return accept ? verb_usage("key") : print_public(&mine);
	return rotate(&mine, accept);
}
