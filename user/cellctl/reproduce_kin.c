/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The relatives of a daughter to be: this host as she will see it, and those whom it knows. */
#include "cellctl/reproduce.h"
#include "cellctl/neverban.h"
#include "cellctl/pins.h"
#include "immune/ban.h"
#include "link/record.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void write_address(const struct sockaddr *from, uint16_t port, char text[HOST_ADDRESS])
{
	bool six = from->sa_family == AF_INET6;
	char host[INET6_ADDRSTRLEN] = "";

	if (six)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, host, sizeof(host));
	else
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)from)->sin_addr, host, sizeof(host));
	memset(text, 0, HOST_ADDRESS);
	snprintf(text, HOST_ADDRESS, six ? "[%s]:%u" : "%s:%u", host, port);
}

/* The address that packets to there go out from: connecting a datagram socket sends nothing. */
static int own_address(const struct addrinfo *to, uint16_t port, char text[HOST_ADDRESS])
{
	int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;
	struct sockaddr_storage own = { 0 };
	socklen_t n = sizeof(own);

	if (fd < 0)
		return -errno;
	if (connect(fd, to->ai_addr, to->ai_addrlen) || getsockname(fd, (struct sockaddr *)&own, &n))
		error = -errno;
	close(fd);
	if (!error)
		write_address((const struct sockaddr *)&own, port, text);
	return error;
}

static int own_id(const struct invocation *in, const char *name, uint64_t *id)
{
	int fd = pin_map(in, name, "organism", true), error = 0;
	struct organism o;
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, &zero, &o))
		error = -errno;
	else
		*id = strtoull(o.id, NULL, 16);
	close(fd);
	return error;
}

/* Its mother is her grandmother, its daughters her sisters; but not who lived where she will. */
static unsigned add_relatives(const struct invocation *in, const char *name, const char *her, struct record_kin kin[HOSTS_MAX], unsigned n)
{
	int fd = pin_map(in, name, "hosts", true);
	struct host h;

	if (fd < 0)
		return n;
	for (__u32 i = 0; i < HOSTS_MAX && n < HOSTS_MAX; i++) {
		if (bpf_map_lookup_elem(fd, &i, &h) || !h.id || (h.relation != RELATION_MOTHER && h.relation != RELATION_DAUGHTER) ||
			!strncmp(h.address, her, HOST_ADDRESS))
			continue;
		kin[n] = (struct record_kin){ .id = h.id,
			.relation = h.relation == RELATION_MOTHER ? RELATION_GRANDMOTHER : RELATION_SISTER };
		memcpy(kin[n++].address, h.address, HOST_ADDRESS);
	}
	close(fd);
	return n;
}

int reproduce_kin(const struct invocation *in, const char *name, const struct dna *dna, const struct addrinfo *to, uint8_t *bytes,
	uint64_t *n)
{
	struct record_kin kin[HOSTS_MAX] = { { .relation = RELATION_MOTHER } };
	char her[HOST_ADDRESS];
	int error;

	*n = 0;
	if (!dna->link.family)
		return 0;
	error = own_id(in, name, &kin[0].id);
	if (!error)
		error = own_address(to, dna->link.port, kin[0].address);
	if (error)
		return error;
	write_address(to->ai_addr, dna->link.port, her);
	*n = record_family_write(kin, add_relatives(in, name, her, kin, 1), bytes);
	return 0;
}

void reproduce_spare(const struct invocation *in, const char *name, int socket)
{
	struct sockaddr_storage there = { 0 };
	socklen_t n = sizeof(there);
	struct ban_maps maps;
	struct address a;
	int error = 0;

	if (getpeername(socket, (struct sockaddr *)&there, &n) || !neverban_sockaddr((struct sockaddr *)&there, &a))
		return;
	for (int i = 0; i < BAN_MAP_COUNT; i++) {
		maps.fd[i] = pin_map(in, name, ban_map_names[i], false);
		if (maps.fd[i] < 0)
			error = maps.fd[i];
	}
	if (!error)
		error = ban_allow(&maps, &a, ALLOWANCE_HOST);
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		if (maps.fd[i] >= 0)
			close(maps.fd[i]);
	if (error)
		verb_say(0, "the daughter's address is not on the never-ban list here: %s", strerror(-error));
}
