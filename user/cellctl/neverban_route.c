/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gateways of this host: those of every default route, IPv4 and IPv6, in all routing tables, by netlink. */
#include "cellctl/neverban.h"
#include "cellctl/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

struct search {
	neverban_visit each;
	void *arg;
};

static int take(const struct search *s, int family, const void *bytes, size_t n)
{
	struct address a;

	if ((family != AF_INET && family != AF_INET6) || n < (family == AF_INET ? 4u : 16u))
		return 0;
	if (address_make(family, bytes, family == AF_INET ? 32 : 128, &a))
		return 0;
	return s->each(s->arg, &a, ALLOWANCE_GATEWAY);
}

/* A gateway of another family than the route: IPv4 over an IPv6 next hop. */
static int take_via(const struct search *s, const void *bytes, size_t n)
{
	struct rtvia via;

	if (n < sizeof(via))
		return 0;
	memcpy(&via, bytes, sizeof(via));
	return take(s, via.rtvia_family, (const char *)bytes + sizeof(via), n - sizeof(via));
}

static int take_hops(const struct search *s, int family, const char *at, size_t n);

static int take_attributes(const struct search *s, int family, const char *at, size_t n)
{
	struct nlattr a;
	const void *bytes;
	size_t length;
	int ret = 0;

	while (!ret && (length = netlink_each(&at, &n, &a, &bytes)) != NETLINK_END) {
		switch (a.nla_type & NLA_TYPE_MASK) {
		case RTA_GATEWAY:
			ret = take(s, family, bytes, length);
			break;
		case RTA_VIA:
			ret = take_via(s, bytes, length);
			break;
		case RTA_MULTIPATH:
			ret = take_hops(s, family, bytes, length);
			break;
		default:
			break;
		}
	}
	return ret;
}

static int take_hops(const struct search *s, int family, const char *at, size_t n)
{
	int ret = 0;

	while (!ret && n >= sizeof(struct rtnexthop)) {
		struct rtnexthop hop;
		size_t step;

		memcpy(&hop, at, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > n)
			break;
		ret = take_attributes(s, family, at + sizeof(hop), hop.rtnh_len - sizeof(hop));
		step = RTNH_ALIGN((size_t)hop.rtnh_len);
		step = step < n ? step : n;
		at += step;
		n -= step;
	}
	return ret;
}

static int take_route(void *arg, uint16_t type, const char *bytes, size_t n)
{
	struct rtmsg route;

	if (type != RTM_NEWROUTE || n < sizeof(route))
		return 0;
	memcpy(&route, bytes, sizeof(route));
	if (route.rtm_dst_len || route.rtm_type != RTN_UNICAST)
		return 0;
	return take_attributes(arg, route.rtm_family, bytes + NLMSG_ALIGN(sizeof(route)), n - NLMSG_ALIGN(sizeof(route)));
}

int neverban_gateways(neverban_visit each, void *arg)
{
	static const unsigned char families[] = { AF_INET, AF_INET6 };
	static struct netlink nl;
	struct search s = { each, arg };
	int ret = 0;

	if (netlink_open(&nl, NETLINK_ROUTE))
		return 0;
	for (unsigned i = 0; i < sizeof(families) && !ret; i++) {
		struct rtmsg ask = { .rtm_family = families[i] };
		int said = 0;

		netlink_begin(&nl, RTM_GETROUTE, NLM_F_DUMP);
		netlink_put(&nl, &ask, sizeof(ask));
		/* What the kernel does not tell is as if it were not there; what the visitor says counts. */
		netlink_dump(&nl, take_route, &s, &said);
		ret = said;
	}
	netlink_close(&nl);
	return ret;
}
