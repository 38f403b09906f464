/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where those files are, and the one of keys: `key rotate` and the gamete append to it, `up` and whoever needs the key follow it. */
#include "cellctl/host_place.h"
#include "link/succession.h"
#include "secret/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_DIR "/var/lib/cellws" /* with the default run directory; another one is another host */

int host_place(const struct invocation *in, const char *organism, const char *kind, char to[PIN_PATH])
{
	char directory[PIN_PATH] = STATE_DIR;
	int n = 0;

	if (strcmp(in->run_dir, "/run/cellws"))
		n = snprintf(directory, sizeof(directory), "%s/lib", in->run_dir);
	if (n < 0 || n >= PIN_PATH)
		return -ENAMETOOLONG;
	if (mkdir(directory, 0755) && errno != EEXIST)
		return -errno;
	n = snprintf(to, PIN_PATH, "%s/%s.%s", directory, organism, kind);
	return n < 0 || n >= PIN_PATH ? -ENAMETOOLONG : 0;
}

int host_open(const struct invocation *in, const char *organism, const char *kind)
{
	char path[PIN_PATH];
	struct stat st;
	int fd = host_place(in, organism, kind, path);

	if (fd)
		return fd;
	/* Not to be led elsewhere by a link, nor held up by a pipe. */
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

/* The last whole records. How many. */
static size_t read_records(int fd, uint8_t records[SUCCESSION_MOST * SUCCESSION_BYTES])
{
	const off_t most = (off_t)SUCCESSION_MOST * SUCCESSION_BYTES;
	struct stat st;
	off_t whole;
	ssize_t n;

	if (fstat(fd, &st))
		return 0;
	whole = st.st_size - st.st_size % SUCCESSION_BYTES;
	n = pread(fd, records, (size_t)most, whole > most ? whole - most : 0);
	return n < 0 ? 0 : (size_t)n / SUCCESSION_BYTES;
}

bool host_follow_key(const struct invocation *in, const char *organism, struct key_ring *ring)
{
	static uint8_t records[SUCCESSION_MOST * SUCCESSION_BYTES];
	static struct {
		struct heir now;
		struct identity before;
	} key;
	char path[PIN_PATH];
	int fd = host_place(in, organism, "keys", path) ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool went = false;

	if (fd < 0 || !ring->identity.credential.generation || secret_lock(&key, sizeof(key))) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	memcpy(key.now.cell, ring->cell, sizeof(key.now.cell));
	key.now.identity = ring->identity;
	went = succession_walk(&key.now, &key.before, records, read_records(fd, records));
	if (went) {
		memcpy(ring->cell, key.now.cell, sizeof(ring->cell));
		ring->identity = key.now.identity;
	}
	secret_unlock(&key, sizeof(key));
	close(fd);
	return went;
}

static int append(int fd, const struct key_ring *heir, const struct key_ring *opener)
{
	uint8_t record[SUCCESSION_BYTES];
	struct heir h = { .identity = heir->identity };
	int error;
	ssize_t n;

	memcpy(h.cell, heir->cell, sizeof(h.cell));
	error = succession_write(&h, &opener->identity, record);
	secret_wipe(&h, sizeof(h));
	if (error)
		return error;
	n = write(fd, record, sizeof(record));
	return n == (ssize_t)sizeof(record) ? 0 : n < 0 ? -errno : -ENOSPC;
}

int host_pass_key(const struct invocation *in, const char *organism, const struct key_ring *before, const struct key_ring *after)
{
	int fd = host_open(in, organism, "keys"), error;

	if (fd < 0)
		return fd;
	/* Backward first: who finds the way to the new key knows the way back as well. */
	error = append(fd, before, after);
	if (!error)
		error = append(fd, after, before);
	if (close(fd) && !error)
		error = -errno;
	return error;
}
