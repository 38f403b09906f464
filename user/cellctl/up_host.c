/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is this host's own among linked ones: its pair, which outlives the organism, and the list of hosts that were expelled. */
#include "cellctl/up.h"
#include "cellctl/host_place.h"
#include "link/expelled.h"
#include "shared/link.h"
#include "tissue/pair.h"
#include "cellws.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS_MOST 1024 /* that are read of the file: the last ones */

/* The file has the form of a key file; of what is in it the pair counts. */
static int get_pair(const struct up *u, struct key_ring *own)
{
	const char *why = "cannot be named";
	char path[PIN_PATH];
	int error = host_place(u->in, u->germ.dna.organism, "host", path);

	if (error)
		return verb_say(VERB_FAILED, "there is no place for this host's own key: %s", strerror(-error));
	error = key_ring_load(path, own, &why);
	if (!error && own->identity.credential.generation)
		return 0;
	if (error && error != -ENOENT)
		return verb_say(VERB_FAILED, "this host's own key: %s %s (%s)", path, why, strerror(-error));
	if (!error)
		return verb_say(VERB_FAILED, "this host's own key: %s holds no pair; remove it, and another one is made", path);
	error = key_ring_make(own);
	if (!error)
		error = key_ring_store(path, own);
	return error ? verb_say(VERB_FAILED, "%s cannot be made: %s", path, strerror(-error)) : 0;
}

/* Into the last rows: the first ones are for relatives. The newest of the file comes first, and there is room for some only. */
static int fill_expelled(const struct up *u, const uint8_t seed[SECRET_SEED_BYTES], const uint8_t *bytes, size_t rows)
{
	int map = bpf_map__fd(u->skel->maps.hosts);
	unsigned n = 0;

	while (rows-- && n < HOSTS_EXPELLED) {
		struct host h = { .relation = RELATION_EXPELLED, .state = HOST_KNOWN };
		__u32 at = HOSTS_MAX - 1 - n;
		struct expelled e;

		if (!expelled_read(&e, seed, bytes + rows * EXPELLED_BYTES))
			continue;
		h.id = e.id;
		memcpy(h.key, e.key, sizeof(h.key));
		snprintf(h.address, sizeof(h.address), "-");
		if (bpf_map_update_elem(map, &at, &h, BPF_ANY))
			return -errno;
		n++;
	}
	return 0;
}

static int read_expelled(const struct up *u, int fd, const uint8_t seed[SECRET_SEED_BYTES])
{
	static uint8_t bytes[ROWS_MOST * EXPELLED_BYTES];
	struct stat st;
	off_t from;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	/* One that was cut off in the middle is not the beginning of the next. */
	if (st.st_size % EXPELLED_BYTES && ftruncate(fd, st.st_size - st.st_size % EXPELLED_BYTES))
		return -errno;
	st.st_size -= st.st_size % EXPELLED_BYTES;
	from = st.st_size > (off_t)sizeof(bytes) ? st.st_size - (off_t)sizeof(bytes) : 0;
	n = pread(fd, bytes, sizeof(bytes), from);
	return n < 0 ? -errno : fill_expelled(u, seed, bytes, (size_t)n / EXPELLED_BYTES);
}

static int open_expelled(struct up *u, const uint8_t seed[SECRET_SEED_BYTES])
{
	int fd = host_open(u->in, u->germ.dna.organism, "expelled"), error;

	if (fd < 0)
		return fd;
	error = read_expelled(u, fd, seed);
	up_plan_fd(u, FD_EXPELLED, fd);
	return error;
}

int up_host(struct up *u, struct pair *pair)
{
	static struct key_ring own;
	int code, error;

	if (secret_lock(&own, sizeof(own)))
		return verb_say(VERB_FAILED, "there is no memory for this host's own key: %s", strerror(errno));
	code = get_pair(u, &own);
	memcpy(pair->host, own.identity.seed, sizeof(pair->host));
	secret_unlock(&own, sizeof(own));
	if (code)
		return code;
	/* Marked with this host's own key: that of the organism may be another one tomorrow. */
	error = open_expelled(u, pair->host);
	if (error)
		return verb_say(VERB_FAILED, "the list of expelled hosts cannot be opened: %s", strerror(-error));
	error = host_open(u->in, u->germ.dna.organism, "keys");
	if (error < 0)
		return verb_say(VERB_FAILED, "the file of keys that follow each other cannot be opened: %s", strerror(-error));
	up_plan_fd(u, FD_KEYS, error);
	return 0;
}
