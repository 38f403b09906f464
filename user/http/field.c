/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the known fields say: one function for each that is more than a mark. */
#include "http/bytes.h"
#include "http/head.h"
#include "http/list.h"

/* Whether the n bytes at s, free of control characters, are the literal word but for case. */
#define SAME(s, n, word) ((n) == sizeof(word) - 1 && http_bytes_same(s, word, sizeof(word) - 1))

/* RFC 9112 3.2: exactly one; the authority of an absolute target goes before it. */
int http_field_host(struct http_head *h, const char *v, size_t n)
{
	if (h->has_host || !http_host_valid(v, n))
		return 400;
	h->has_host = true;
	if (!h->has_authority)
		h->r->host = (struct http_span){(uint16_t)(v - h->p), (uint16_t)n};
	return 0;
}

/* RFC 9112 6.3: once, digits only, 63 bits. */
int http_field_length(struct http_head *h, const char *v, size_t n)
{
	uint64_t length = 0;

	if (h->r->has_length || n == 0)
		return 400;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)(v[i] - '0');

		if (digit > 9 || length > ((uint64_t)INT64_MAX - digit) / 10)
			return 400;
		length = length * 10 + digit;
	}
	h->r->has_length = true;
	h->r->content_length = length;
	return 0;
}

/*
 * RFC 9112 6.1: "chunked" once and last. Unlike elsewhere an empty list element is refused: two readers of the framing
 * must not have anything to disagree about.
 */
int http_field_coding(struct http_head *h, const char *v, size_t n)
{
	struct http_list list = {v, n};
	const char *coding;
	size_t name;

	h->has_coding = true;
	while (http_list_next(&list, &coding, &n)) {
		for (name = 0; name < n && http_byte_is(coding[name], BYTE_TOKEN);)
			name++;
		if (name == 0 || h->r->chunked || (name < n && coding[name] != ';'))
			return 400;
		if (!SAME(coding, name, "chunked"))
			h->unknown_coding = true;
		else if (name < n)
			return 400;
		else
			h->r->chunked = true;
	}
	return 0;
}

int http_field_connection(struct http_head *h, const char *v, size_t n)
{
	struct http_list list = {v, n};
	const char *option;

	while (http_list_next(&list, &option, &n)) {
		if (SAME(option, n, "close"))
			h->wants_close = true;
		else if (SAME(option, n, "keep-alive"))
			h->wants_keep = true;
	}
	return 0;
}

int http_field_expect(struct http_head *h, const char *v, size_t n)
{
	if (SAME(v, n, "100-continue"))
		h->expects = true;
	else
		h->expects_other = true;
	return 0;
}

/*
 * Whether the parameters of an accepted coding leave it acceptable: none do, and so does a weight above 0 (RFC 9110
 * 12.4.2: "q=" and 0 to 1 with up to three decimals). Any other text does not.
 */
static bool weight_accepts(const char *s, size_t n)
{
	bool some = false;

	http_list_trim(&s, &n);
	if (n == 0)
		return true;
	if (*s++ != ';')
		return false;
	n--;
	http_list_trim(&s, &n);
	if (n < 3 || n > 7 || !http_bytes_same(s, "q=", 2) || (s[2] != '0' && s[2] != '1') || (n > 3 && s[3] != '.'))
		return false;
	for (size_t i = 4; i < n; i++) {
		if (!http_byte_is(s[i], BYTE_DIGIT) || (s[2] == '1' && s[i] != '0'))
			return false;
		some |= s[i] != '0';
	}
	return s[2] == '1' || some;
}

/* RFC 9110 12.5.3. "x-gzip" is gzip by 8.4.1.3. */
int http_field_accept_encoding(struct http_head *h, const char *v, size_t n)
{
	struct http_list list = {v, n};
	const char *coding;
	size_t name;

	while (http_list_next(&list, &coding, &n)) {
		for (name = 0; name < n && http_byte_is(coding[name], BYTE_TOKEN);)
			name++;
		if (SAME(coding, name, "gzip") || SAME(coding, name, "x-gzip"))
			h->gzip |= GZIP_NAMED | (weight_accepts(coding + name, n - name) ? GZIP_TAKEN : 0);
		else if (name == 1 && coding[0] == '*' && weight_accepts(coding + name, n - name))
			h->gzip |= GZIP_ANY;
	}
	return 0;
}

/* max-age of nothing but zeros. */
static bool is_max_age_zero(const char *s, size_t n)
{
	const size_t name = sizeof("max-age=") - 1;

	if (n <= name || !http_bytes_same(s, "max-age=", name))
		return false;
	while (n > name && s[n - 1] == '0')
		n--;
	return n == name;
}

int http_field_cache_control(struct http_head *h, const char *v, size_t n)
{
	struct http_list list = {v, n};
	const char *word;

	while (http_list_next(&list, &word, &n)) {
		if (SAME(word, n, "no-cache") || SAME(word, n, "no-store") || is_max_age_zero(word, n))
			h->r->traits |= HTTP_CACHE_REVALIDATE;
	}
	return 0;
}

int http_field_pragma(struct http_head *h, const char *v, size_t n)
{
	struct http_list list = {v, n};
	const char *word;

	while (http_list_next(&list, &word, &n)) {
		if (SAME(word, n, "no-cache"))
			h->r->traits |= HTTP_CACHE_REVALIDATE;
	}
	return 0;
}
