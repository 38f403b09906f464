/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzzes what reads the files of a document root: every entry lies inside the bytes, below the root, and is written again as it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "link/tree.h"

#define REQUIRE(what)          \
	do {                   \
		if (!(what))   \
			abort(); \
	} while (0)

/* Said otherwise than by the reader: no way leads up, and none begins at the top. */
static void require_below(const char *name)
{
	char copy[TREE_NAME_MOST + 1], *rest = copy, *part;

	REQUIRE(name[0] && name[0] != '/' && name[strlen(name) - 1] != '/');
	memcpy(copy, name, sizeof(copy));
	while ((part = strsep(&rest, "/")))
		REQUIRE(part[0] && strcmp(part, ".") && strcmp(part, "..") && strlen(part) <= 255);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t again[TREE_HEAD_BYTES + TREE_NAME_MOST];
	uint8_t *bytes = malloc(n + !n);
	struct tree t = { .bytes = bytes, .n = n };
	static struct tree_entry e;

	memcpy(bytes, data, n);
	for (const uint8_t *at = bytes; tree_next(&t, &e) == 1; at = t.bytes) {
		size_t head = tree_write(&e, again);

		require_below(e.name);
		REQUIRE(e.bytes == at + head && e.bytes + e.n == t.bytes && t.bytes + t.n == bytes + n);
		REQUIRE(!memcmp(again, at, head));
	}
	free(bytes);
	return 0;
}
