/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Netlink in small: builds one request, sends it, takes one answer or a list of them. */
#include "cellctl/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int netlink_open(struct netlink *nl, int protocol)
{
	const struct timeval patience = { .tv_sec = 2 };

	nl->serial = 0;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (nl->fd < 0)
		return -errno;
	setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
}

void netlink_begin(struct netlink *nl, uint16_t type, uint16_t flags)
{
	memset(&nl->out, 0, sizeof(nl->out));
	nl->out.head = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		.nlmsg_seq = ++nl->serial,
	};
}

void netlink_put(struct netlink *nl, const void *bytes, size_t n)
{
	memcpy(nl->out.bytes + nl->out.head.nlmsg_len, bytes, n);
	nl->out.head.nlmsg_len += (uint32_t)NLMSG_ALIGN(n);
}

void netlink_attribute(struct netlink *nl, uint16_t type, const void *bytes, size_t n)
{
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + n), .nla_type = type };

	netlink_put(nl, &a, sizeof(a));
	if (n)
		netlink_put(nl, bytes, n);
}

size_t netlink_nest(struct netlink *nl, uint16_t type)
{
	size_t nest = nl->out.head.nlmsg_len;

	netlink_attribute(nl, type, NULL, 0);
	return nest;
}

void netlink_nest_end(struct netlink *nl, size_t nest)
{
	struct nlattr a;

	memcpy(&a, nl->out.bytes + nest, sizeof(a));
	a.nla_len = (uint16_t)(nl->out.head.nlmsg_len - nest);
	memcpy(nl->out.bytes + nest, &a, sizeof(a));
}

int netlink_ask(struct netlink *nl)
{
	struct nlmsgerr said;
	ssize_t n;

	if (send(nl->fd, nl->out.bytes, nl->out.head.nlmsg_len, 0) < 0)
		return -errno;
	n = recv(nl->fd, nl->in.bytes, sizeof(nl->in.bytes), 0);
	if (n < 0)
		return -errno;
	if ((size_t)n < NLMSG_HDRLEN || nl->in.head.nlmsg_len > (size_t)n || nl->in.head.nlmsg_seq != nl->serial)
		return -EBADMSG;
	if (nl->in.head.nlmsg_type != NLMSG_ERROR)
		return 0;
	if (nl->in.head.nlmsg_len < NLMSG_HDRLEN + sizeof(said))
		return -EBADMSG;
	memcpy(&said, nl->in.bytes + NLMSG_HDRLEN, sizeof(said));
	return said.error;
}

const void *netlink_answer(const struct netlink *nl, size_t header, uint16_t type, size_t n)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(header);

	while (at + NLA_HDRLEN <= nl->in.head.nlmsg_len) {
		struct nlattr a;

		memcpy(&a, nl->in.bytes + at, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || at + a.nla_len > nl->in.head.nlmsg_len)
			return NULL;
		if ((a.nla_type & NLA_TYPE_MASK) == type)
			return a.nla_len >= NLA_HDRLEN + n ? nl->in.bytes + at + NLA_HDRLEN : NULL;
		at += NLA_ALIGN(a.nla_len);
	}
	return NULL;
}

size_t netlink_each(const char **at, size_t *n, struct nlattr *a, const void **value)
{
	size_t step;

	if (*n < NLA_HDRLEN)
		return NETLINK_END;
	memcpy(a, *at, sizeof(*a));
	if (a->nla_len < NLA_HDRLEN || a->nla_len > *n)
		return NETLINK_END;
	*value = *at + NLA_HDRLEN;
	step = NLA_ALIGN((size_t)a->nla_len);
	step = step < *n ? step : *n;
	*at += step;
	*n -= step;
	return a->nla_len - (size_t)NLA_HDRLEN;
}

/* The messages of one datagram. 1 at the end of the list, 0 when more will come, or -errno. */
static int take_some(struct netlink *nl, size_t n, netlink_visit each, void *arg, int *said)
{
	const char *at = nl->in.bytes;
	struct nlmsghdr m;

	while (n >= NLMSG_HDRLEN) {
		size_t step;

		memcpy(&m, at, sizeof(m));
		if (m.nlmsg_len < NLMSG_HDRLEN || m.nlmsg_len > n || m.nlmsg_seq != nl->serial)
			return -EBADMSG;
		if (m.nlmsg_type == NLMSG_DONE)
			return 1;
		if (m.nlmsg_type == NLMSG_ERROR)
			return -EIO;
		if (!*said)
			*said = each(arg, m.nlmsg_type, at + NLMSG_HDRLEN, m.nlmsg_len - (size_t)NLMSG_HDRLEN);
		step = NLMSG_ALIGN((size_t)m.nlmsg_len);
		step = step < n ? step : n;
		at += step;
		n -= step;
	}
	return 0;
}

int netlink_dump(struct netlink *nl, netlink_visit each, void *arg, int *said)
{
	int end = 0;

	*said = 0;
	if (send(nl->fd, nl->out.bytes, nl->out.head.nlmsg_len, 0) < 0)
		return -errno;
	while (!end) {
		ssize_t n = recv(nl->fd, nl->in.bytes, sizeof(nl->in.bytes), MSG_TRUNC);

		if (n < 0)
			return -errno;
		if ((size_t)n > sizeof(nl->in.bytes))
			return -EMSGSIZE;
		end = take_some(nl, (size_t)n, each, arg, said);
	}
	return end < 0 ? end : 0;
}
