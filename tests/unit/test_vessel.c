/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records and buffers of a vessel: given, taken, and moved without ever losing a byte of input. */
#include "tissue/vessel.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define CONNECTIONS 32u

static struct vessel *vessel_fresh(void)
{
	void *p = mmap(NULL, vessel_bytes(CONNECTIONS), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	cr_assert_neq(p, MAP_FAILED);
	vessel_init(p, CONNECTIONS);
	return p;
}

/* The byte that stands at a position of the made-up stream. */
static char byte_at(uint64_t position)
{
	return (char)(position * 31 + position / 251);
}

/* What recv() would do with n bytes; fewer when there is less room. */
static void receive(struct vessel *v, struct conn *c, uint32_t n)
{
	uint32_t room, end = (uint32_t)(c->received - conn_in(c)->origin);
	char *in = vessel_input(v, c, &room);

	for (; n && end < room; n--, end++)
		in[end] = byte_at(c->received++);
}

static void expect_input(struct vessel *v, struct conn *c, uint64_t keep)
{
	for (uint64_t p = keep; p < c->received; p++)
		cr_assert_eq(*vessel_byte(v, c, p), byte_at(p), "byte %llu", (unsigned long long)p);
}

static struct conn *conn_fresh_of(struct vessel *v)
{
	struct conn *c = vessel_conn(v, vessel_take(v));

	memset(c, 0, sizeof(*c));
	return c;
}

Test(vessel, records_are_given_until_there_are_none)
{
	struct vessel *v = vessel_fresh();

	for (uint32_t i = 0; i < CONNECTIONS; i++)
		cr_assert_eq(vessel_take(v), i);
	cr_assert_eq(vessel_take(v), CONN_NONE);
	vessel_give(v, 7);
	cr_assert_eq(vessel_take(v), 7);
}

Test(vessel, input_grows_moves_and_shrinks_without_loss)
{
	struct vessel *v = vessel_fresh();
	struct conn *c = conn_fresh_of(v);
	uint64_t used = 0;
	unsigned seed = 1;

	for (int i = 0; i < 20000; i++) {
		uint32_t step = (uint32_t)rand_r(&seed) % 900;

		if (vessel_make_room(v, c, used) == 0)
			receive(v, c, step);
		expect_input(v, c, used);
		used += (uint64_t)rand_r(&seed) % (c->received - used + 1);
		if (step % 7 == 0)
			vessel_shrink(v, c, used);
		expect_input(v, c, used);
	}
	vessel_shrink(v, c, c->received);
	cr_assert_eq(v->input_left, INPUT_BUFFERS);
}

Test(vessel, the_largest_buffer_has_an_end)
{
	struct vessel *v = vessel_fresh();
	struct conn *c = conn_fresh_of(v);

	while (vessel_make_room(v, c, 0) == 0)
		receive(v, c, 4096);
	cr_assert_eq(c->received, INPUT_BYTES);
	cr_assert_eq(vessel_make_room(v, c, 0), -ENOBUFS);
	expect_input(v, c, 0);
	vessel_drop_input(v, c);
	cr_assert_eq(v->input_left, INPUT_BUFFERS);
}

Test(vessel, without_free_buffers_what_is_there_stays)
{
	struct vessel *v = vessel_fresh();
	struct conn *c = conn_fresh_of(v);

	v->input_left = 0;
	receive(v, c, 10000);
	cr_assert_eq(vessel_make_room(v, c, 0), -ENOBUFS);
	expect_input(v, c, 0);
}

Test(vessel, one_byte_says_which_side_counts)
{
	struct vessel *v = vessel_fresh();
	struct conn *c = conn_fresh_of(v);
	struct conn_in *next = conn_in_next(c);

	next->raw = 5;
	cr_assert_eq(conn_in(c)->raw, 0);
	conn_in_commit(c);
	cr_assert_eq(conn_in(c)->raw, 5);
}
