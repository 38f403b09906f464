/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Netlink in small: one request is built, sent and answered; for what the doctor asks and makes of interfaces. */
#ifndef CELLWS_CELLCTL_NETLINK_H
#define CELLWS_CELLCTL_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#define NETLINK_BYTES 32768
#define NETLINK_END   SIZE_MAX

struct netlink {
	int fd;
	uint32_t serial;
	union {
		struct nlmsghdr head;
		char bytes[NETLINK_BYTES];
	} out, in;
};

/* protocol: NETLINK_ROUTE, NETLINK_GENERIC. 0 or -errno. */
int netlink_open(struct netlink *nl, int protocol);
void netlink_close(struct netlink *nl);

/* Begins a request; NLM_F_REQUEST is always set. */
void netlink_begin(struct netlink *nl, uint16_t type, uint16_t flags);
/* Appends n bytes, padded; the family's own header comes first. The caller keeps within NETLINK_BYTES. */
void netlink_put(struct netlink *nl, const void *bytes, size_t n);
void netlink_attribute(struct netlink *nl, uint16_t type, const void *bytes, size_t n);
/* Attributes up to netlink_nest_end() lie inside this one. */
size_t netlink_nest(struct netlink *nl, uint16_t type);
void netlink_nest_end(struct netlink *nl, size_t nest);

/* Sends the request and waits for one answer, kept in nl->in. 0, or the kernel's or the socket's -errno. */
int netlink_ask(struct netlink *nl);
/* An attribute of the answer, behind a family header of that size, with at least n bytes; NULL when there is none. */
const void *netlink_answer(const struct netlink *nl, size_t header, uint16_t type, size_t n);

/*
 * Sends the request, made with NLM_F_DUMP, and calls each for every message of the answer: its type, and what is behind
 * its header. *said: the first result of a call that was not 0, after which none is made. 0 or -errno.
 */
typedef int (*netlink_visit)(void *arg, uint16_t type, const char *bytes, size_t n);
int netlink_dump(struct netlink *nl, netlink_visit each, void *arg, int *said);

/* Takes the next attribute off the front of n bytes: its header, its value. The value's size, or NETLINK_END. */
size_t netlink_each(const char **at, size_t *n, struct nlattr *a, const void **value);

#endif
