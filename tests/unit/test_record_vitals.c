/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a host is doing, between hosts: a fixed vector, there and back, and what nobody could have written is refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include "link/record.h"

static uint8_t bytes[RECORD_VITALS_BYTES];

TestSuite(record_vitals, .timeout = 20);

static struct host_vitals some(void)
{
	return (struct host_vitals){ .cells = { [CLASS_NEURON] = 1, [CLASS_DRONE] = 0x102, [CLASS_GAMETE] = 1 }, .busy_permille = 500,
		.wait_us = 0x10203, .bans = 7, .generation = 3, .key_generation = 2, .load_percent = 152 };
}

Test(record_vitals, they_come_back_as_they_went)
{
	static const uint8_t vector[RECORD_VITALS_BYTES] = { 0, 0, 1, 0, 0, 0, 2, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0xf4, 1, 0, 0, 3, 2, 1, 0,
		7, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 152, 0, 0, 0 };
	struct host_vitals there = some(), back;

	record_vitals_write(&there, bytes);
	cr_expect_arr_eq(bytes, vector, sizeof(vector));
	cr_assert_eq(record_vitals_read(&back, bytes), 0);
	cr_expect(!memcmp(&back, &there, sizeof(back)));
}

Test(record_vitals, those_that_could_not_be_are_refused)
{
	static const struct {
		unsigned at;
		uint8_t to;
	} harm[] = { { 1, 5 }, { 13, 0xff }, { 14, 1 }, { 17, 4 }, { 32, 0 } };
	struct host_vitals there = some(), back;

	for (unsigned i = 0; i < sizeof(harm) / sizeof(*harm); i++) {
		record_vitals_write(&there, bytes);
		bytes[harm[i].at] = harm[i].to;
		cr_expect_eq(record_vitals_read(&back, bytes), -EBADMSG, "harm %u", i);
	}
}
