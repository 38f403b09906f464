/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl keygen: makes a secret key in a file of its own, which only its owner may read; never overwrites one. */
#include "cellctl/verb.h"
#include "secret/secret.h"
#include "tissue/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_FILE "cellws.key"

/* 0 or -errno. */
static int fill(int fd)
{
	char text[KEY_TEXT_BYTES + 1];
	uint8_t key[KEY_BYTES];
	int error = key_make(key);
	ssize_t n;

	key_write(key, text);
	if (!error && fchmod(fd, S_IRUSR | S_IWUSR))
		error = -errno;
	n = error ? 0 : write(fd, text, KEY_TEXT_BYTES);
	if (n < 0 || (!error && fsync(fd) && errno != EINVAL))
		error = -errno;
	else if (!error && n != (ssize_t)KEY_TEXT_BYTES)
		error = -EIO;
	secret_wipe(key, sizeof(key));
	secret_wipe(text, sizeof(text));
	return error;
}

int verb_keygen(const struct invocation *in)
{
	const char *file = in->argc > 1 ? in->argv[1] : DEFAULT_FILE;
	int fd, error;

	if (in->argc > 2 || file[0] == '-' || !file[0])
		return verb_usage("keygen");
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
	if (fd < 0 && errno == EEXIST)
		return verb_say(VERB_FAILED, "%s is there already and stays as it is; name another file", file);
	if (fd < 0)
		return verb_say(VERB_FAILED, "%s cannot be made: %s", file, strerror(errno));
	error = fill(fd);
	if (close(fd) && !error)
		error = -errno;
	if (error) {
		unlink(file);
		return verb_say(VERB_FAILED, "%s cannot be written: %s", file, strerror(-error));
	}
	printf("%s: a new secret key, for its owner only\nNow name it in the DNA: key = \"%s\"%s\n", file, file,
		geteuid() ? "\n`up` reads it as root: make it root's first (sudo chown root)" : "");
	return VERB_DONE;
}
