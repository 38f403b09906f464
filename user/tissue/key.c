/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The key's file and its proofs: what can be told without shared memory. */
#include "tissue/key.h"
#include "secret/secret.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK   "cellws-key-1 "
#define MARK_N (sizeof(MARK) - 1)

_Static_assert(KEY_TEXT_BYTES == MARK_N + (KEY_BYTES + 2) / 3 * 4 + 1, "mark, base64, line feed");

void key_write(const uint8_t key[KEY_BYTES], char text[KEY_TEXT_BYTES + 1])
{
	memcpy(text, MARK, MARK_N);
	secret_write(key, KEY_BYTES, text + MARK_N, KEY_TEXT_BYTES - MARK_N);
	memcpy(text + KEY_TEXT_BYTES - 1, "\n", 2);
}

int key_read(const char *text, size_t n, uint8_t key[KEY_BYTES])
{
	if (n != KEY_TEXT_BYTES || memcmp(text, MARK, MARK_N) != 0 || text[n - 1] != '\n')
		return -EINVAL;
	return secret_read(text + MARK_N, n - 1 - MARK_N, key, KEY_BYTES);
}

int key_make(uint8_t key[KEY_BYTES])
{
	return secret_random(key, KEY_BYTES);
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

static int read_key(int fd, uint8_t key[KEY_BYTES], const char **why)
{
	char text[KEY_TEXT_BYTES + 1];
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
	error = n < 0 ? -EIO : key_read(text, (size_t)n, key);
	secret_wipe(text, sizeof(text));
	if (error)
		*why = n < 0 ? "cannot be read" : "holds no key: `cellctl keygen` makes one";
	return error;
}

int key_load(const char *file, uint8_t key[KEY_BYTES], const char **why)
{
	/* Not to be led elsewhere by a link, nor held up by a pipe. */
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY), error;

	if (fd < 0) {
		error = -errno;
		*why = error == -ELOOP ? "is a link; name the file itself" : error == -ENOENT ? "does not exist" : "cannot be opened";
		return error;
	}
	error = read_key(fd, key, why);
	close(fd);
	return error;
}

void key_mac(uint8_t mac[PROOF_BYTES], const uint8_t key[KEY_BYTES], const void *nonce, uint32_t slot, uint32_t pid,
	uint64_t born_ns)
{
	uint64_t n[2];
	struct {
		char label[16];
		uint64_t nonce[2];
		uint32_t slot, pid;
		uint64_t born_ns;
	} message = {
		.label = "cellws-proof-1",
		.slot = htole32(slot),
		.pid = htole32(pid),
		.born_ns = htole64(born_ns),
	};

	memcpy(n, nonce, sizeof(n));
	message.nonce[0] = htole64(n[0]);
	message.nonce[1] = htole64(n[1]);
	_Static_assert(sizeof(message) == 48, "nothing between the fields");
	secret_mark(mac, PROOF_BYTES, key, &message, sizeof(message));
}

bool key_mac_is(const uint8_t mac[PROOF_BYTES], const uint8_t key[KEY_BYTES], const void *nonce, uint32_t slot,
	uint32_t pid, uint64_t born_ns)
{
	uint8_t right[PROOF_BYTES];
	bool same;

	key_mac(right, key, nonce, slot, pid, born_ns);
	same = secret_equal(mac, right, PROOF_BYTES);
	secret_wipe(right, sizeof(right));
	return same;
}
