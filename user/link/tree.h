/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files of a document root as bytes of a spore: directories and regular files, in one order, nothing that leads out of it; pure. */
#ifndef CELLWS_LINK_TREE_H
#define CELLWS_LINK_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One entry after the other: kind (1) zero (1) bytes of the name (2) zeros (4) seconds since 1970 of the last change (8)
 * bytes of the file, 0 for a directory (8), the name, the file's bytes. Numbers in little endian.
 *
 * A name leads from the root to the file: parts of 1 to 255 bytes with '/' between, none of them "." or "..". A directory comes
 * before what is in it, siblings by their bytes. Owners and modes do not travel.
 */
#define TREE_HEAD_BYTES	 24u
#define TREE_NAME_MOST	 1024u
#define TREE_DEPTH_MOST	 32u
#define TREE_ENTRIES_MOST 65536u

enum tree_kind {
	TREE_DIRECTORY = 1,
	TREE_FILE = 2,
};

struct tree_entry {
	enum tree_kind kind;
	char name[TREE_NAME_MOST + 1];
	uint64_t changed_s;
	const uint8_t *bytes; /* of a file, when read */
	uint64_t n;
};

/* A reading; zeros but for bytes and n at the beginning. */
struct tree {
	const uint8_t *bytes;
	uint64_t n;
	uint32_t entries;
	enum tree_kind last_kind;
	char last[TREE_NAME_MOST + 1];
};

/* Takes the next entry out. 1; 0 at the end; -EBADMSG: malformed, out of order, or a name that is none. */
int tree_next(struct tree *t, struct tree_entry *e);

/* Whether a name of one part could be in a tree. */
bool tree_is_part(const char *part, size_t n);

/* Head and name, without the file's bytes, which follow; to: TREE_HEAD_BYTES + TREE_NAME_MOST. How many bytes. */
size_t tree_write(const struct tree_entry *e, uint8_t *to);

#endif
