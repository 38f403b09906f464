/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Birth: the egg is laid and sleeps; the first request wakes it. */
#include <criterion/criterion.h>
#include "lab.h"

static struct lab lab;

static void open_lab(void)
{
	lab_open(&lab);
}

static void close_lab(void)
{
	lab_close(&lab);
}

TestSuite(a_birth, .init = open_lab, .fini = close_lab, .timeout = 60);

Test(a_birth, a_up_and_wake)
{
	lab_up(&lab, "", "");
	cr_assert_eq(lab_census(&lab, "egg"), 1);
	lab_wake(&lab);
}
