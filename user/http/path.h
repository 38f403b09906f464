/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Request paths: percent-decoding once and removal of dot segments (RFC 3986 2.1, 5.2.4), and the match against a route. */
#ifndef CELLWS_HTTP_PATH_H
#define CELLWS_HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Decodes raw[0..n) (the path of a target) into out[0..room), then resolves "." and ".." segments and merges runs of
 * slashes. Returns the bytes written (at least 1, out[0] is '/'), or -400: not beginning with '/', a bad or truncated
 * percent triplet, %00, a control character, ".." above the root, or a path that does not fit before its dot segments are
 * resolved (as many bytes of room as raw has, and at least 1, are always enough). An encoded slash (%2F) is refused too:
 * it means one thing to a router and another to a file system. out may be raw. Empty raw gives "/".
 */
int http_path_normalise(const char *raw, size_t n, char *out, size_t room);

/*
 * Whether a route's prefix covers a normalised path: equal, or prefix ends in '/' and path begins with it, or path goes
 * on with '/' after it ("/hello" covers "/hello" and "/hello/x", not "/hellox"). A prefix "/api/" also covers "/api".
 */
bool http_path_covers(const char *prefix, size_t prefix_n, const char *path, size_t path_n);

#endif
