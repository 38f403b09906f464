/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The PROXY protocol, versions 1 and 2, as HAProxy's proxy-protocol.txt has it: pure, over bytes as far as they have come. */
#ifndef CELLWS_HTTP_PROXY_PROTOCOL_H
#define CELLWS_HTTP_PROXY_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#define PROXY_V1_MAX 107u  /* bytes of a line with its CRLF (section 2.1) */
#define PROXY_V2_MAX 4096u /* bytes of a header with what follows the addresses; a longer one is refused */

/* One end of a connection. */
struct http_peer {
	uint8_t addr[16]; /* network order; IPv4 in the first four, the rest zero */
	uint16_t family;  /* AF_INET or AF_INET6; IPv4 in the clothes of IPv6 is AF_INET */
	uint16_t port;    /* host order; 0: not known */
};

enum {
	PROXY_MORE = 0,    /* may become a header: wait */
	PROXY_ABSENT = -1, /* something else: the first bytes are those of no header */
	PROXY_BAD = -400,  /* begins like one and is malformed, too long, or of an unknown version */
};

/*
 * Reads the header at the beginning of buf[0..n). Its bytes (> 0) when it is whole, or one of the above. *client is the
 * source that the header names; it is left as it is when the header names none that is reached by TCP: UNKNOWN, LOCAL,
 * UNSPEC, UDP and Unix sockets. In which pieces the bytes come does not matter.
 */
int proxy_header_read(const char *buf, size_t n, struct http_peer *client);

/* Makes IPv4 of an IPv4 address in IPv6 notation (::ffff:a.b.c.d). */
void http_peer_unmap(struct http_peer *p);

#endif
