/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Conditional requests by RFC 9110 13: the five fields and their precedence. */
#ifndef CELLWS_HTTP_CONDITION_H
#define CELLWS_HTTP_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A field's value; p is NULL when the request has no such field. Several fields of a name are joined with ", " before. */
struct http_value {
	const char *p;
	size_t n;
};

struct http_conditions {
	struct http_value if_match, if_none_match, if_modified_since, if_unmodified_since, if_range, range;
};

enum http_outcome {
	HTTP_GO_ON = 0,         /* 200, the whole */
	HTTP_GO_ON_RANGE = 1,   /* Range may be applied */
	HTTP_NOT_MODIFIED = 304,
	HTTP_PRECONDITION_FAILED = 412,
};

/*
 * etag: the current entity tag with its quotes and W/ if weak, NULL for none; modified: seconds since 1970, INT64_MIN
 * for none; is_get: GET or HEAD (of which only GET may use Range, the caller sees to that); now: for two-digit years, and
 * to judge whether modified is a strong validator. The representation is taken to exist: "*" matches it.
 */
enum http_outcome http_condition_judge(
	const struct http_conditions *c, const char *etag, int64_t modified, bool is_get, int64_t now);

#endif
