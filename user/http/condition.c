/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Judges the conditions of a request against what the resource is now, in the order of RFC 9110 13.2.2. */
#include "http/condition.h"

#include <string.h>

#include "http/date.h"

struct tag {
	const char *p; /* with the quotes */
	size_t n;
	bool weak;
};

/* RFC 9110 8.8.3: any visible ASCII but the quote, and 0x80 and above. */
static bool is_etagc(char c)
{
	return (uint8_t)c > 0x20 && c != '"' && c != 0x7f;
}

/* The tag at s, at most n bytes. Returns the bytes it takes, 0 when there is none. */
static size_t read_tag(const char *s, size_t n, struct tag *t)
{
	size_t at = 0, from;

	t->weak = n >= 2 && s[0] == 'W' && s[1] == '/';
	if (t->weak)
		at = 2;
	from = at;
	if (at == n || s[at++] != '"')
		return 0;
	while (at < n && is_etagc(s[at]))
		at++;
	if (at == n || s[at++] != '"')
		return 0;
	t->p = s + from;
	t->n = at - from;
	return at;
}

static bool same_tag(const struct tag *a, const struct tag *b, bool strong)
{
	if (strong && (a->weak || b->weak))
		return false;
	return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

/*
 * Whether "*" or a list of tags names the current one. A list that is not well formed matches nothing from its fault
 * on: then If-Match refuses and If-None-Match sends the whole, both on the safe side.
 */
static bool list_names(const struct http_value *v, const struct tag *current, bool strong)
{
	size_t at = 0;

	if (v->n == 1 && v->p[0] == '*')
		return true;
	while (current && at < v->n) {
		struct tag t;
		size_t n;

		if (v->p[at] == ' ' || v->p[at] == '\t' || v->p[at] == ',') {
			at++;
			continue;
		}
		n = read_tag(v->p + at, v->n - at, &t);
		if (n == 0)
			return false;
		at += n;
		while (at < v->n && (v->p[at] == ' ' || v->p[at] == '\t'))
			at++;
		if (at < v->n && v->p[at] != ',')
			return false;
		if (same_tag(&t, current, strong))
			return true;
	}
	return false;
}

/*
 * RFC 9110 13.1.5: one strong tag, or a date that is exactly the current one and strong by 8.8.2.2: at least a second
 * has passed since, so that no second change can hide behind it.
 */
static bool if_range_holds(const struct http_value *v, const struct tag *current, int64_t modified, int64_t now)
{
	struct tag t;
	int64_t date;

	if (v->n >= 2 && (v->p[0] == '"' || v->p[1] == '/'))
		return current && read_tag(v->p, v->n, &t) == v->n && same_tag(&t, current, true);
	return modified != INT64_MIN && http_date_parse(v->p, v->n, now, &date) == 0 && date == modified &&
	       modified < now;
}

/* Whether the date in v is there to be compared with; *date is it. */
static bool has_date(const struct http_value *v, int64_t modified, int64_t now, int64_t *date)
{
	return v->p && modified != INT64_MIN && http_date_parse(v->p, v->n, now, date) == 0;
}

enum http_outcome http_condition_judge(
	const struct http_conditions *c, const char *etag, int64_t modified, bool is_get, int64_t now)
{
	struct tag tag;
	const struct tag *current = etag && read_tag(etag, strlen(etag), &tag) ? &tag : NULL;
	int64_t date;

	if (c->if_match.p) {
		if (!list_names(&c->if_match, current, true))
			return HTTP_PRECONDITION_FAILED;
	} else if (has_date(&c->if_unmodified_since, modified, now, &date) && modified > date) {
		return HTTP_PRECONDITION_FAILED;
	}
	if (c->if_none_match.p) {
		if (list_names(&c->if_none_match, current, false))
			return is_get ? HTTP_NOT_MODIFIED : HTTP_PRECONDITION_FAILED;
	} else if (is_get && has_date(&c->if_modified_since, modified, now, &date) && modified <= date) {
		return HTTP_NOT_MODIFIED;
	}
	if (!is_get || !c->range.p)
		return HTTP_GO_ON;
	if (c->if_range.p && !if_range_holds(&c->if_range, current, modified, now))
		return HTTP_GO_ON;
	return HTTP_GO_ON_RANGE;
}
