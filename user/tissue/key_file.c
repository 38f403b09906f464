/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The key's file: who may own it and read it, and how it is written so that it is never half there. */
#include "tissue/key.h"
#include "secret/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAIR	   "cellws-pair-1 "
#define PAIR_N	   (sizeof(PAIR) - 1)
#define PAIR_BYTES (SECRET_SEED_BYTES + CREDENTIAL_BYTES)
#define PAIR_TEXT  ((PAIR_BYTES + 2) / 3 * 4)

_Static_assert(KEY_RING_TEXT_BYTES == KEY_TEXT_BYTES + PAIR_N + PAIR_TEXT + 1, "key, mark, base64, line feed");

int key_ring_make(struct key_ring *ring)
{
	int error = key_make(ring->cell);

	return error ? error : identity_make(&ring->identity);
}

int key_ring_rotate(struct key_ring *ring, uint64_t until_s)
{
	int error = key_make(ring->cell);

	if (error)
		return error;
	return ring->identity.credential.generation ? identity_rotate(&ring->identity, until_s) : identity_make(&ring->identity);
}

void key_ring_write(const struct key_ring *ring, char text[KEY_RING_TEXT_BYTES + 1])
{
	uint8_t pair[PAIR_BYTES];
	char *at = text + KEY_TEXT_BYTES;

	key_write(ring->cell, text);
	memcpy(pair, ring->identity.seed, SECRET_SEED_BYTES);
	credential_write(&ring->identity.credential, pair + SECRET_SEED_BYTES);
	memcpy(at, PAIR, PAIR_N);
	secret_write(pair, sizeof(pair), at + PAIR_N, PAIR_TEXT + 1);
	memcpy(text + KEY_RING_TEXT_BYTES - 1, "\n", 2);
	secret_wipe(pair, sizeof(pair));
}

/* A pair is taken only when its halves belong together. */
static int read_pair(const char *text, struct identity *id)
{
	uint8_t pair[PAIR_BYTES], public[SECRET_PUBLIC_BYTES];
	int error = memcmp(text, PAIR, PAIR_N) != 0 || text[PAIR_N + PAIR_TEXT] != '\n' ? -EINVAL : 0;

	if (!error)
		error = secret_read(text + PAIR_N, PAIR_TEXT, pair, sizeof(pair));
	if (!error) {
		memcpy(id->seed, pair, SECRET_SEED_BYTES);
		credential_read(&id->credential, pair + SECRET_SEED_BYTES);
		secret_public(id->seed, public);
		if (!secret_equal(public, id->credential.public, sizeof(public)) || !id->credential.generation)
			error = -EINVAL;
	}
	secret_wipe(pair, sizeof(pair));
	return error;
}

int key_ring_read(const char *text, size_t n, struct key_ring *ring)
{
	int error;

	*ring = (struct key_ring){ 0 };
	if (n != KEY_TEXT_BYTES && n != KEY_RING_TEXT_BYTES)
		return -EINVAL;
	error = key_read(text, KEY_TEXT_BYTES, ring->cell);
	if (!error && n == KEY_RING_TEXT_BYTES)
		error = read_pair(text + KEY_TEXT_BYTES, &ring->identity);
	if (error)
		secret_wipe(ring, sizeof(*ring));
	return error;
}

static int judge_file(const struct stat *st, const char **why)
{
	if (!S_ISREG(st->st_mode))
		*why = "is no regular file";
	else if (st->st_uid != 0 && st->st_uid != geteuid())
		*why = "belongs to another user; make it root's (chown root)";
	else if (st->st_mode & (S_IRWXG | S_IRWXO))
		*why = "is open to group or others; it is for its owner only (chmod 600)";
	else
		return 0;
	return S_ISREG(st->st_mode) ? -EPERM : -EINVAL;
}

static int read_ring(int fd, struct key_ring *ring, const char **why)
{
	char text[KEY_RING_TEXT_BYTES + 1];
	struct stat st;
	ssize_t n;
	int error;

	if (fstat(fd, &st)) {
		*why = strerror(errno);
		return -EIO;
	}
	error = judge_file(&st, why);
	if (error)
		return error;
	n = read(fd, text, sizeof(text));
	error = n < 0 ? -EIO : key_ring_read(text, (size_t)n, ring);
	secret_wipe(text, sizeof(text));
	if (error)
		*why = n < 0 ? "cannot be read" : "holds no key: `cellctl keygen` makes one";
	return error;
}

int key_ring_load(const char *file, struct key_ring *ring, const char **why)
{
	/* Not to be led elsewhere by a link, nor held up by a pipe. */
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY), error;

	if (fd < 0) {
		error = -errno;
		*why = error == -ELOOP ? "is a link; name the file itself" : error == -ENOENT ? "does not exist" : "cannot be opened";
		return error;
	}
	error = read_ring(fd, ring, why);
	close(fd);
	return error;
}

int key_load(const char *file, uint8_t key[KEY_BYTES], const char **why)
{
	struct key_ring ring;
	int error = key_ring_load(file, &ring, why);

	if (!error)
		memcpy(key, ring.cell, KEY_BYTES);
	secret_wipe(&ring, sizeof(ring));
	return error;
}

/* 0 or -errno. */
static int fill(int fd, const struct key_ring *ring)
{
	char text[KEY_RING_TEXT_BYTES + 1];
	int error = fchmod(fd, S_IRUSR | S_IWUSR) ? -errno : 0;
	ssize_t n;

	key_ring_write(ring, text);
	n = error ? 0 : write(fd, text, KEY_RING_TEXT_BYTES);
	if (n < 0 || (!error && fsync(fd) && errno != EINVAL))
		error = -errno;
	else if (!error && n != (ssize_t)KEY_RING_TEXT_BYTES)
		error = -EIO;
	secret_wipe(text, sizeof(text));
	return error;
}

int key_ring_store(const char *file, const struct key_ring *ring)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR), error;

	if (fd < 0)
		return -errno;
	error = fill(fd, ring);
	if (close(fd) && !error)
		error = -errno;
	if (error)
		unlink(file);
	return error;
}

int key_ring_replace(const char *file, const struct key_ring *ring)
{
	struct stat st;
	char *beside;
	int error;

	if (lstat(file, &st))
		return -errno;
	if (asprintf(&beside, "%s.new", file) < 0)
		return -ENOMEM;
	error = key_ring_store(beside, ring);
	if (!error && (lchown(beside, st.st_uid, st.st_gid) || rename(beside, file))) {
		error = -errno;
		unlink(beside);
	}
	free(beside);
	return error;
}
