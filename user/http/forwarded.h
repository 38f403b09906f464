/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* X-Forwarded-For: whom a chain of trusted proxies speaks for; pure. */
#ifndef CELLWS_HTTP_FORWARDED_H
#define CELLWS_HTTP_FORWARDED_H

#include <stdbool.h>
#include "http/parse.h"
#include "http/proxy_protocol.h"

/* Whether the operator trusts what comes from there. */
typedef bool (*forwarded_trust)(const void *ctx, const struct http_peer *p);

/*
 * *client: at first the trusted peer that sent the request. Reads all X-Forwarded-For fields of a parsed head from the
 * right: *client becomes the first address that is not trusted, or the leftmost when all are. An element that is no
 * address ends the search, and *client is as it was at first: nobody vouches for what stands left of it. Elements are
 * ADDRESS, ADDRESS:PORT for IPv4, [ADDRESS] and [ADDRESS]:PORT for IPv6; ports are not looked at.
 */
void forwarded_client(const char *head, const struct http_request *r, forwarded_trust trust, const void *ctx, struct http_peer *client);

/* One such element of n bytes. False when it is no address; then *to is not touched. */
bool forwarded_address(const char *text, size_t n, struct http_peer *to);

#endif
