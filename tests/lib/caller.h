/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A host of the test's own: proves a key to an egg or to a host, and says what a real one would not. */
#ifndef CELLWS_TESTS_CALLER_H
#define CELLWS_TESTS_CALLER_H

#include "link/handshake.h"

struct caller {
	int fd;
	struct handshake handshake;
	struct stream in, out;
	uint8_t said[8192]; /* all that was sent, as far as there is room */
	size_t said_n;
};

/* Connects and proves itself. Whether the other side has answered with a proof; if not, it stays connected. */
bool caller_open(struct caller *c, const char *address, uint16_t port, const struct identity *id, enum handshake_purpose purpose);
void caller_close(struct caller *c);

/* One message; harm: this byte of the frame is altered, -1: none. False when the other side has ended the connection. */
bool caller_say(struct caller *c, enum stream_kind kind, const void *bytes, size_t n, bool last, int harm);

/* The next message, with its kind before it, in to (STREAM_MOST + 1). Its length, or -1 when the other side ends instead. */
int caller_hear(struct caller *c, uint8_t *to);

/* Whether the other side ends the connection; what it still says is counted in *n, if there is room for it. */
bool caller_is_left(struct caller *c, size_t *n);

/* Connects and says these bytes. What comes back until the other side ends it. */
size_t caller_replay(const char *address, uint16_t port, const uint8_t *said, size_t n);

#endif
