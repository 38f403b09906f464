/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The never-ban list as the host itself fills it: all sources in one order, and the host's own addresses. */
#include "cellctl/neverban.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

bool neverban_sockaddr(const struct sockaddr *from, struct address *to)
{
	if (from && from->sa_family == AF_INET)
		return !address_make(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, 32, to);
	if (from && from->sa_family == AF_INET6)
		return !address_make(AF_INET6, &((const struct sockaddr_in6 *)from)->sin6_addr, 128, to);
	return false;
}

static bool is_one_host(const struct address *a)
{
	static const uint8_t zero[16];

	if (!address_is_single(a) || !memcmp(a->bytes, zero, sizeof(zero)))
		return false;
	return a->family == AF_INET ? a->bytes[0] && a->bytes[0] < 224 : a->bytes[0] != 0xff;
}

int neverban_word(const char *word, size_t n, struct address *to)
{
	char text[ADDRESS_TEXT];
	const char *scope = memchr(word, '%', n);
	struct address a;

	n = scope ? (size_t)(scope - word) : n;
	if (!n || n >= sizeof(text) || memchr(word, 0, n))
		return -EINVAL;
	memcpy(text, word, n);
	text[n] = 0;
	if (address_parse(text, &a, NULL) || !is_one_host(&a))
		return -EINVAL;
	*to = a;
	return 0;
}

static int own_addresses(neverban_visit each, void *arg)
{
	struct ifaddrs *all;
	struct address own;
	int ret = 0;

	if (getifaddrs(&all))
		return -errno;
	for (struct ifaddrs *i = all; i && !ret; i = i->ifa_next)
		if (neverban_sockaddr(i->ifa_addr, &own))
			ret = each(arg, &own, ALLOWANCE_OWN);
	freeifaddrs(all);
	return ret;
}

/* The few that matter most come first: the list has an end. */
int neverban_each(neverban_visit each, void *arg)
{
	static int (*const parts[])(neverban_visit, void *) = { neverban_admin, neverban_gateways, neverban_resolvers, own_addresses };
	int ret = 0;

	for (unsigned i = 0; i < sizeof(parts) / sizeof(*parts) && !ret; i++)
		ret = parts[i](each, arg);
	return ret;
}

int neverban_put(const struct ban_maps *maps, const struct dna_prefix *list, uint32_t n, enum allowance_origin origin)
{
	int error = 0;

	for (uint32_t i = 0; i < n && !error; i++) {
		struct address a;

		error = address_make(list[i].family, list[i].addr, list[i].bits, &a);
		if (!error)
			error = ban_allow(maps, &a, origin);
	}
	return error;
}
