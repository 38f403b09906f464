/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The dead man's switch of `up --confirm`: one process that takes the organism down again unless it is told not to. */
#ifndef CELLWS_CELLCTL_CONFIRM_H
#define CELLWS_CELLCTL_CONFIRM_H

#include <stdint.h>
#include "cellctl/verb.h"

#define CONFIRM_LEAF   "confirm" /* its socket in the run directory, for root only */
#define CONFIRM_FD     3         /* where the process finds it, listening */
#define CONFIRM_MOST_S 86400u

/* What is asked: one byte; the answer is the milliseconds that were left, 8 bytes. */
enum confirm_word {
	CONFIRM_LEFT = '?', /* how long it will wait */
	CONFIRM_KEEP = 'y', /* the organism stays */
	CONFIRM_GONE = 'x', /* somebody else takes it down: nothing is left to do */
};

/* "20s", "5m", "2h", at most a day, into seconds. Pure. 0 or -EINVAL. */
int confirm_seconds(const char *text, uint64_t *seconds);

/*
 * Asks the process that waits for that organism. left_ms may be NULL. 0; -ENOENT when none waits; -ECONNRESET when it has
 * begun to take the organism down; or -errno.
 */
int confirm_ask(const struct invocation *in, const char *name, enum confirm_word word, uint64_t *left_ms);

/* Opens the socket; a descriptor or -errno. For `up`. */
int confirm_listen(const struct invocation *in, const char *name);

/* confirm_wait.c: is that process, from its first moment to its end. The exit code. */
int confirm_wait(const struct invocation *in, uint64_t seconds);

#endif
