/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the Range field and cuts what it asks for to the length there is. */
#include "http/range.h"

#include <stdbool.h>

#include "http/bytes.h"
#include "http/list.h"

/* The number at *p, which is moved behind it; saturates, since any number that large means the same. */
static uint64_t read_number(const char **p, const char *end)
{
	uint64_t value = 0;

	for (; *p < end && http_byte_is(**p, BYTE_DIGIT); ++*p) {
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (unsigned)(**p - '0'), &value))
			value = UINT64_MAX;
	}
	return value;
}

/*
 * One of FIRST-LAST, FIRST- and -SUFFIX. *ok: whether it is well formed. Then r->length is 0 if it cannot be satisfied.
 */
static struct http_range read_spec(const char *p, size_t n, uint64_t length, bool *ok)
{
	const char *end = p + n, *from = p;
	uint64_t first = read_number(&p, end), last;
	bool has_first = p > from, has_last;

	*ok = false;
	if (p == end || *p++ != '-')
		return (struct http_range){0, 0};
	from = p;
	last = read_number(&p, end);
	has_last = p > from;
	if (p < end || !(has_first || has_last) || (has_first && has_last && last < first))
		return (struct http_range){0, 0};
	/* The last bytes of nothing could be had, but no Content-Range can say so: ignored. */
	*ok = has_first || last == 0 || length > 0;
	if (!has_first) {
		last = last < length ? last : length;
		return (struct http_range){length - last, last};
	}
	if (first >= length)
		return (struct http_range){0, 0};
	if (!has_last || last >= length)
		last = length - 1;
	return (struct http_range){first, last - first + 1};
}

/* Moves the list behind "bytes=". False for any other unit. */
static bool skip_unit(struct http_list *l)
{
	const size_t n = sizeof("bytes=") - 1;

	if (l->n < n || !http_bytes_same(l->rest, "bytes=", n))
		return false;
	l->rest += n;
	l->n -= n;
	return true;
}

int http_range_parse(const char *value, size_t n, uint64_t length, struct http_range out[HTTP_RANGES_MAX])
{
	struct http_list list = {value, n};
	unsigned asked = 0, count = 0;
	uint64_t sum = 0;
	const char *spec;

	if (!value || !skip_unit(&list))
		return 0;
	while (http_list_next(&list, &spec, &n)) {
		struct http_range r;
		bool ok;

		if (n == 0)
			continue;
		r = read_spec(spec, n, length, &ok);
		if (!ok || ++asked > HTTP_RANGES_MAX || r.length > length - sum)
			return 0;
		if (r.length == 0)
			continue;
		sum += r.length;
		out[count++] = r;
	}
	if (asked == 0)
		return 0;
	return count ? (int)count : -416;
}
