/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals between hosts: a fixed vector, there and back, and everything that nobody could have written is refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include "link/record.h"

static uint8_t bytes[RECORD_SIGNAL_BYTES];

TestSuite(record_signal, .timeout = 20);

static struct record_signal growth(void)
{
	return (struct record_signal){ .host = 0x0102030405060708, .molecule = 0x1112, .kind = HORMONE_GROWTH, .class = CLASS_DRONE,
		.strength_q16 = 0x8001, .hops = 3 };
}

Test(record_signal, it_comes_back_as_it_went)
{
	static const uint8_t vector[RECORD_SIGNAL_BYTES] = { 8, 7, 6, 5, 4, 3, 2, 1, 0x12, 0x11, 0, 0, 0, 0, 0, 0, HORMONE_GROWTH, 0,
		CLASS_DRONE, 0, 1, 0x80, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0 };
	struct record_signal there = growth(), back;

	record_signal_write(&there, bytes);
	cr_expect_arr_eq(bytes, vector, sizeof(vector));
	cr_assert_eq(record_signal_read(&back, bytes), 0);
	cr_expect(back.host == there.host && back.molecule == there.molecule && back.kind == there.kind && back.class == there.class);
	cr_expect(back.strength_q16 == there.strength_q16 && back.hops == there.hops);
}

Test(record_signal, one_that_could_not_be_is_refused)
{
	static const struct {
		unsigned at, n;
		uint8_t to;
	} harm[] = { { 0, 8, 0 }, { 8, 8, 0 }, { 15, 1, 0x80 }, { 16, 1, 0 }, { 16, 1, HORMONE_DANGER }, { 16, 1, HORMONE_COUNT },
		{ 16, 1, HORMONE_ALARM }, { 17, 1, 1 }, { 18, 1, 0 }, { 18, 1, CLASS_EGG }, { 18, 1, CLASS_COUNT }, { 19, 1, 1 },
		{ 20, 4, 0 }, { 22, 1, 1 }, { 24, 4, 0 }, { 25, 1, 1 }, { 28, 1, 1 } };
	struct record_signal there = growth(), back;

	for (unsigned i = 0; i < sizeof(harm) / sizeof(*harm); i++) {
		record_signal_write(&there, bytes);
		memset(bytes + harm[i].at, harm[i].to, harm[i].n);
		cr_expect_eq(record_signal_read(&back, bytes), -EBADMSG, "harm %u", i);
	}
}

Test(record_signal, kinds_without_a_class_have_none)
{
	struct record_signal there = growth(), back;

	there.kind = HORMONE_CALM;
	there.class = CLASS_NONE;
	there.strength_q16 = Q16_ONE;
	record_signal_write(&there, bytes);
	cr_expect_eq(record_signal_read(&back, bytes), 0);
}
