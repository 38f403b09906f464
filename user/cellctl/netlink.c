/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Netlink in small: builds one request, sends it, takes one answer. */
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
