/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A new DNA's descriptors in one message, which is looked at before it is taken; and whether a germ may follow another. */
#include "tissue/mutation.h"
#include "secret/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union rights {
	char room[CMSG_SPACE(PARCEL_FDS * sizeof(int))];
	struct cmsghdr align;
};

uint8_t parcel_add(struct parcel *p, int fd)
{
	p->fd[p->n++] = fd;
	return (uint8_t)p->n;
}

int parcel_send(int to, const struct parcel *p)
{
	union rights control = { .room = { 0 } };
	struct iovec part = { .iov_base = (void *)(uintptr_t)&p->head, .iov_len = sizeof(p->head) };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room,
		.msg_controllen = CMSG_SPACE(p->n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(p->n * sizeof(int));
	memcpy(CMSG_DATA(c), p->fd, p->n * sizeof(int));
	return sendmsg(to, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(p->head) ? 0 : -errno;
}

static void take_rights(struct msghdr *m, struct parcel *p)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		unsigned n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || n > PARCEL_FDS - p->n)
			continue;
		memcpy(p->fd + p->n, CMSG_DATA(c), n * sizeof(int));
		p->n += n;
	}
}

static bool is_parcel(const struct parcel *p)
{
	bool good = p->head.magic == PARCEL_MAGIC && p->n;

	for (unsigned i = 0; i < DNA_ROUTES_MAX; i++)
		good &= p->head.root[i] <= p->n && p->head.gene[i] <= p->n;
	return good;
}

int parcel_peek(int from, struct parcel *p)
{
	union rights control = { .room = { 0 } };
	struct iovec part = { .iov_base = &p->head, .iov_len = sizeof(p->head) };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room) };
	ssize_t n = recvmsg(from, &m, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int error = 1;

	p->n = 0;
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	take_rights(&m, p);
	if (m.msg_flags & MSG_CTRUNC)
		error = -EMFILE;
	else if (n != (ssize_t)sizeof(p->head) || m.msg_flags & MSG_TRUNC || !is_parcel(p))
		error = -EBADMSG;
	if (error < 0)
		parcel_close(p);
	return error;
}

void parcel_drop(int from)
{
	char byte;

	(void)!recv(from, &byte, 1, MSG_DONTWAIT);
}

void parcel_close(struct parcel *p)
{
	for (unsigned i = 0; i < p->n; i++)
		close(p->fd[i]);
	p->n = 0;
}

void mutation_digest(const struct germ *g, uint8_t digest[32])
{
	secret_hash(digest, g, g->bytes);
}

static bool part_is(const struct germ *a, struct germ_part of_a, const struct germ *b, struct germ_part of_b)
{
	return of_a.n == of_b.n && of_b.at <= b->bytes && of_b.n <= b->bytes - of_b.at &&
	       !memcmp(germ_bytes(a, of_a), germ_bytes(b, of_b), of_a.n);
}

static bool part_is_inside(const struct germ *g, struct germ_part part)
{
	return part.at >= sizeof(*g) && part.at <= g->bytes && part.n <= g->bytes - part.at;
}

bool mutation_fits(const struct germ *living, const struct germ *g)
{
	struct plan plan = g->plan;
	bool fits = g->generation == living->generation + 1 && g->plan.bank == g->generation % BANKS;

	plan.bank = living->plan.bank;
	fits &= !memcmp(&plan, &living->plan, sizeof(plan)) && g->uid == living->uid && g->gid == living->gid &&
		!strncmp(g->memory, living->memory, sizeof(g->memory)) && g->boot == living->boot &&
		g->signature_room == living->signature_room &&
		!memcmp(g->fingerprint_key, living->fingerprint_key, sizeof(g->fingerprint_key)) &&
		g->dna.route_count <= DNA_ROUTES_MAX && part_is_inside(g, g->mime) && part_is_inside(g, g->text);
	for (int i = 0; i < MEMBRANE_COUNT && fits; i++)
		fits = part_is(living, living->filter[i], g, g->filter[i]);
	return fits;
}

void mutation_say(uint32_t refused, const struct dna *next, char *to, size_t room)
{
	static const char *const texts[] = {
#define X(NAME, text) [MUTATION_REFUSED_##NAME] = text,
		MUTATION_REFUSALS(X)
#undef X
	};
	uint32_t reason = refused & 0xff, route = refused >> 8;
	const char *text = reason < MUTATION_REFUSED_COUNT ? texts[reason] : "for a reason that this version does not know";

	if ((reason == MUTATION_REFUSED_ROOT || reason == MUTATION_REFUSED_FILE) && route < next->route_count)
		snprintf(to, room, "route \"%s\": %s", next->route[route].prefix, text);
	else
		snprintf(to, room, "%s", text);
}
