/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP dates by RFC 9110 5.6.7: written as IMF-fixdate, read in all three forms. No locale, no time zone, no clock. */
#ifndef CELLWS_HTTP_DATE_H
#define CELLWS_HTTP_DATE_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_DATE_BYTES 29u /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* Writes HTTP_DATE_BYTES bytes, no NUL. t: seconds since 1970, years 0001 to 9999; outside it is clamped. */
void http_date_format(int64_t t, char *to);

/* Reads any of the three forms; now decides the century of two-digit years. 0, or -EINVAL. */
int http_date_parse(const char *s, size_t n, int64_t now, int64_t *t);

#endif
