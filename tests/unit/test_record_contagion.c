/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests that have killed, between hosts: a fixed vector, there and back, and what nobody could have written is refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include "link/record.h"

static uint8_t bytes[RECORD_CONTAGION_BYTES];

TestSuite(record_contagion, .timeout = 20);

static struct record_contagion crash(void)
{
	return (struct record_contagion){ .scheme = 0x2122232425262728, .fingerprint = 0x0102030405060708, .host = 0x1112, .deaths = 2, .route = 3,
		.cause = 11, .detail = "GET /crash?now=1" };
}

Test(record_contagion, it_comes_back_as_it_went)
{
	static const uint8_t vector[56] = { 0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21, 8, 7, 6, 5, 4, 3, 2, 1, 0x12, 0x11, 0, 0, 0, 0, 0, 0,
		2, 0, 0, 0, 3, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 'G', 'E', 'T', ' ', '/', 'c', 'r', 'a', 's', 'h', '?', 'n', 'o', 'w', '=', '1' };
	struct record_contagion there = crash(), back;

	record_contagion_write(&there, bytes);
	cr_expect_arr_eq(bytes, vector, sizeof(vector));
	cr_assert_eq(record_contagion_read(&back, bytes), 0);
	cr_expect(!memcmp(&back, &there, sizeof(back)));
}

Test(record_contagion, one_that_could_not_be_is_refused)
{
	static const struct {
		unsigned at, n;
		uint8_t to;
	} harm[] = { { 8, 8, 0 }, { 16, 8, 0 }, { 24, 1, 0 }, { 24, 1, PATHOGEN_DEADLY + 1 }, { 25, 1, 1 }, { 34, 1, 1 }, { 36, 1, 1 },
		{ 40, 1, '\n' }, { 40, 64, 'a' }, { 100, 1, 'x' } };
	struct record_contagion there = crash(), back;

	for (unsigned i = 0; i < sizeof(harm) / sizeof(*harm); i++) {
		record_contagion_write(&there, bytes);
		memset(bytes + harm[i].at, harm[i].to, harm[i].n);
		cr_expect_eq(record_contagion_read(&back, bytes), -EBADMSG, "harm %u", i);
	}
}
