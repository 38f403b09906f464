/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading the files of a root that nobody has looked at yet, and writing one's own. */
#include "link/tree.h"
#include "link/wire.h"

#include <errno.h>

#define PART_MOST 255u

bool tree_is_part(const char *part, size_t n)
{
	if (!n || n > PART_MOST || memchr(part, 0, n) || memchr(part, '/', n))
		return false;
	return !(part[0] == '.' && (n == 1 || (n == 2 && part[1] == '.')));
}

static bool is_name(const char *name, size_t n)
{
	unsigned depth = 1;

	for (size_t i = 0, from = 0; i <= n; i++) {
		if (i < n && name[i] != '/')
			continue;
		if (!tree_is_part(name + from, i - from) || depth++ > TREE_DEPTH_MOST)
			return false;
		from = i + 1;
	}
	return true;
}

/* Byte by byte, '/' before all others: so a directory's own come right behind it. */
static bool comes_after(const char *name, const char *last)
{
	while (*name && *name == *last) {
		name++;
		last++;
	}
	if (*name == '/' || *last == '/')
		return *name && *last ? *last == '/' : !*last;
	return (unsigned char)*name > (unsigned char)*last;
}

/* In the order that is kept, a directory that is there is the last entry, or the last entry lies in it. */
static bool has_parent(const struct tree *t, const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t n = slash ? (size_t)(slash - name) : 0;

	if (!slash)
		return true;
	if (strncmp(t->last, name, n))
		return false;
	return t->last[n] == '/' || (!t->last[n] && t->last_kind == TREE_DIRECTORY);
}

int tree_next(struct tree *t, struct tree_entry *e)
{
	size_t name_n;

	if (!t->n)
		return 0;
	if (t->n < TREE_HEAD_BYTES || t->entries++ == TREE_ENTRIES_MOST)
		return -EBADMSG;
	name_n = wire_get16(t->bytes + 2);
	*e = (struct tree_entry){ .kind = t->bytes[0], .changed_s = wire_get64(t->bytes + 8), .n = wire_get64(t->bytes + 16) };
	if ((e->kind != TREE_DIRECTORY && e->kind != TREE_FILE) || t->bytes[1] || wire_get32(t->bytes + 4) || e->changed_s >> 40)
		return -EBADMSG;
	if (name_n > TREE_NAME_MOST || name_n > t->n - TREE_HEAD_BYTES || e->n > t->n - TREE_HEAD_BYTES - name_n)
		return -EBADMSG;
	memcpy(e->name, t->bytes + TREE_HEAD_BYTES, name_n);
	if (!is_name(e->name, name_n) || (e->kind == TREE_DIRECTORY && e->n))
		return -EBADMSG;
	if (!has_parent(t, e->name) || (t->entries > 1 && !comes_after(e->name, t->last)))
		return -EBADMSG;
	e->bytes = t->bytes + TREE_HEAD_BYTES + name_n;
	t->bytes = e->bytes + e->n;
	t->n -= TREE_HEAD_BYTES + name_n + e->n;
	t->last_kind = e->kind;
	memcpy(t->last, e->name, sizeof(t->last));
	return 1;
}

size_t tree_write(const struct tree_entry *e, uint8_t *to)
{
	size_t n = strnlen(e->name, TREE_NAME_MOST);

	*to++ = (uint8_t)e->kind;
	*to++ = 0;
	to = wire_put16(to, (uint16_t)n);
	to = wire_put32(to, 0);
	to = wire_put64(to, e->changed_s);
	to = wire_put64(to, e->n);
	wire_put(to, e->name, n);
	return TREE_HEAD_BYTES + n;
}
