/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Descriptors that a dead blood cell had in hand but not yet in a record: connections are taken in, files are closed. */
#include "cells/blood_adopt.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRAY_MS     2000
#define STRAYS_AHEAD 64 /* numbers beyond the highest known one that are looked at: a dead cell held one or two */

static void mark(uint8_t *known, int fd, int end)
{
	if (fd >= 0 && fd < end)
		known[fd / 8] |= (uint8_t)(1u << fd % 8);
}

/* Highest descriptor that any record of any vessel names. */
static int highest_known(struct artery *a)
{
	int highest = plan_end(a->t->plan) - 1;

	for (uint32_t v = 0; v < a->t->plan->vessels; v++)
		for (uint32_t i = 0; i < a->t->vessel[v]->high; i++) {
			const struct conn *c = vessel_conn(a->t->vessel[v], i);

			highest = c->fd > highest ? c->fd : highest;
			highest = c->file > highest ? c->file : highest;
		}
	return highest;
}

/* A sister that closes a connection may have done so: the number can be that of a stray by now. */
static bool names_its_own(const struct conn *c)
{
	return c->fd >= 0 && (c->phase != CONN_CLOSING || conn_is_open(c));
}

static void mark_known(struct artery *a, uint8_t *known, int end)
{
	for (uint32_t v = 0; v < a->t->plan->vessels; v++)
		for (uint32_t i = 0; i < a->t->vessel[v]->high; i++) {
			const struct conn *c = vessel_conn(a->t->vessel[v], i);

			if (!i)
				for (uint32_t g = 0; g < VESSEL_GIFTS; g++)
					mark(known, a->t->vessel[v]->gift[g], end);
			if (names_its_own(c))
				mark(known, c->fd, end);
			mark(known, c->fd >= 0 ? c->file : -1, end);
		}
}

/* The vessel whose listener a socket came from: `up` has written its number into an option that children inherit. */
static int vessel_of(int fd)
{
	int mark_of = 0;
	socklen_t n = sizeof(mark_of);

	return getsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &mark_of, &n) ? -1 : mark_of - 1;
}

static bool is_file(int fd, uint64_t *inode)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	*inode = st.st_ino;
	return true;
}

/* An open file may be another cell's, just received: it is closed only if nobody owns it a while later. */
static void suspect(struct artery *a, int fd, uint64_t inode)
{
	if (a->strays == STRAYS_MAX)
		return;
	a->stray[a->strays++] = (struct stray){ .fd = fd, .inode = inode };
	a->strays_due = a->now_ms + STRAY_MS;
}

static void take_in(struct artery *a, int fd)
{
	struct sockaddr_storage from;
	socklen_t n = sizeof(from);
	uint64_t inode;

	if (is_file(fd, &inode)) {
		suspect(a, fd, inode);
		return;
	}
	if (vessel_of(fd) != (int)a->v)
		return;
	if (getpeername(fd, (struct sockaddr *)&from, &n))
		close(fd);
	else
		blood_enter(a, fd, &from);
}

static uint8_t *known_descriptors(struct artery *a, int *end)
{
	uint8_t *known;

	*end = highest_known(a) + 1 + STRAYS_AHEAD;
	known = calloc(1, (size_t)*end / 8 + 1);
	if (known)
		mark_known(a, known, *end);
	return known;
}

static bool is_known(const uint8_t *known, int fd, int end)
{
	return fd < end && known[fd / 8] & 1u << fd % 8;
}

void adopt_close_strays(struct artery *a)
{
	int end;
	uint8_t *known = known_descriptors(a, &end);
	uint64_t inode;

	a->strays_due = 0;
	for (uint32_t i = 0; i < a->strays && known; i++)
		if (!is_known(known, a->stray[i].fd, end) && is_file(a->stray[i].fd, &inode) && inode == a->stray[i].inode)
			close(a->stray[i].fd);
	a->strays = 0;
	free(known);
}

void adopt_strays(struct artery *a)
{
	int end;
	uint8_t *known = known_descriptors(a, &end);

	for (int fd = plan_end(a->t->plan); fd < end && known; fd++)
		if (!is_known(known, fd, end))
			take_in(a, fd);
	free(known);
}
