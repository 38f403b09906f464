/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads addresses to listen on ("A.B.C.D:PORT", "[IPV6]:PORT") and address prefixes ("10.0.0.0/8"). */
#include <arpa/inet.h>
#include <string.h>
#include "dna/parts.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* ::ffff:0:0/96, IPv4 in the clothes of IPv6 */

/* Digits without a leading zero, at most most. */
static bool take_number(const char *text, unsigned int most, unsigned int *n)
{
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > 5 || text[digits] || (text[0] == '0' && digits > 1))
		return false;
	*n = 0;
	for (size_t i = 0; i < digits; i++)
		*n = *n * 10 + (unsigned int)(text[i] - '0');
	return *n <= most;
}

/* Splits off the port and reads the address. */
bool dna_listen_read(const char *text, struct dna_listen *to)
{
	char host[sizeof(to->text)];
	const char *colon = strrchr(text, ':');
	size_t n = strlen(text);
	unsigned int port;

	if (!colon || n >= sizeof(host) || !take_number(colon + 1, UINT16_MAX, &port) || !port)
		return false;
	memcpy(to->text, text, n + 1);
	memcpy(host, text, n + 1);
	n = (size_t)(colon - text);
	host[n] = '\0';
	to->port = (uint16_t)port;
	to->family = AF_INET;
	if (host[0] != '[')
		return inet_pton(AF_INET, host, to->addr) == 1;
	to->family = AF_INET6;
	if (host[n - 1] != ']')
		return false;
	host[n - 1] = '\0';
	return inet_pton(AF_INET6, host + 1, to->addr) == 1;
}

bool dna_address_read(struct dna_value *v)
{
	struct dna *dna = v->reading->dna;
	struct dna_listen listen = {.line = v->line};

	if (dna->listen_count == DNA_LISTEN_MAX || !dna_listen_read(v->text, &listen))
		return false;
	if (listen.family == AF_INET6 && !memcmp(listen.addr, mapped, sizeof(mapped))) {
		snprintf(v->allowed, sizeof(v->allowed), "an IPv4 address without \"::ffff:\" and brackets");
		return false;
	}
	for (uint32_t i = 0; i < dna->listen_count; i++) {
		const struct dna_listen *other = &dna->listen[i];

		if (other->family != listen.family || other->port != listen.port ||
			memcmp(other->addr, listen.addr, sizeof(listen.addr)))
			continue;
		snprintf(v->allowed, sizeof(v->allowed), "each address once; %s is on line %u", other->text,
			other->line);
		return false;
	}
	dna->listen[dna->listen_count++] = listen;
	return true;
}

/* Clears what lies behind the first bits; true when something was set there. */
static bool clear_host(uint8_t *addr, size_t n, unsigned int bits)
{
	bool was_set = false;

	for (size_t i = 0; i < n; i++) {
		unsigned int keep = bits >= 8 * (i + 1) ? 0xff : bits <= 8 * i ? 0 : (0xff00u >> (bits - 8 * i)) & 0xff;

		was_set |= (addr[i] & ~keep) != 0;
		addr[i] &= (uint8_t)keep;
	}
	return was_set;
}

static bool take_prefix(const char *text, struct dna_prefix *to)
{
	char host[64];
	size_t n = strcspn(text, "/");
	unsigned int most, bits;

	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	to->family = strchr(host, ':') ? AF_INET6 : AF_INET;
	most = to->family == AF_INET ? 32 : 128;
	if (inet_pton(to->family, host, to->addr) != 1)
		return false;
	bits = most;
	if (text[n] == '/' && !take_number(text + n + 1, most, &bits))
		return false;
	to->bits = (uint16_t)bits;
	return true;
}

/* Tells which prefix was meant. */
static bool mean_prefix(struct dna_value *v, int family, const uint8_t *addr, unsigned int bits)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family, addr, text, sizeof(text));
	snprintf(v->allowed, sizeof(v->allowed), "\"%s/%u\", if that was meant", text, bits);
	return false;
}

bool dna_prefix_read(struct dna_value *v)
{
	struct dna *dna = v->reading->dna;
	bool trusted = v->option == &dna_options[DNA_IMMUNE_trusted_proxies];
	struct dna_prefix *list = trusted ? dna->trusted : dna->allow, prefix = {0};
	uint32_t *count = trusted ? &dna->trusted_count : &dna->allow_count;

	if (*count == v->option->max || !take_prefix(v->text, &prefix))
		return false;
	if (clear_host(prefix.addr, prefix.family == AF_INET ? 4 : 16, prefix.bits))
		return mean_prefix(v, prefix.family, prefix.addr, prefix.bits);
	if (prefix.family == AF_INET6 && prefix.bits >= 96 && !memcmp(prefix.addr, mapped, sizeof(mapped)))
		return mean_prefix(v, AF_INET, prefix.addr + 12, prefix.bits - 96u);
	if (trusted && !prefix.bits) {
		snprintf(v->allowed, sizeof(v->allowed), "the prefixes of your proxies; this is everybody");
		return false;
	}
	list[(*count)++] = prefix;
	return true;
}
