/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* No request dies with a cell: each scenario is lived once for every point at which its cell can be killed. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>
#include "points.h"
#include "scenario.h"

static struct lab lab;

static void open_lab(void)
{
	lab_open(&lab);
}

static void close_lab(void)
{
	lab_close(&lab);
}

static void try_scenario(const struct scenario *s, const char *cells)
{
	static const enum cell_class killed[] = { CLASS_BLOOD, CLASS_DRONE };
	unsigned failed = 0, instructions = points_setting("CRASH_POINTS", 200);
	struct trial trial;

	trial_open(&trial, &lab, cells);
	for (unsigned i = 0; i < sizeof(killed) / sizeof(*killed); i++) {
		if (!(s->classes & 1u << killed[i]))
			continue;
		points_try(&trial, s, killed[i], instructions);
		failed += trial.failed;
		cr_expect(trial.tried > 0, "%s: no point was tried", s->name);
	}
	trial_close(&trial);
	cr_expect_eq(failed, 0, "%s: %u failures", s->name, failed);
}

static bool is_wanted(const struct scenario *s)
{
	const char *only = getenv("CRASH_ONLY");

	return !only || !*only || !strcmp(only, s->name);
}

ParameterizedTestParameters(crash_10_points, one_blood_cell)
{
	static unsigned rows[64];
	size_t n = 0;

	for (unsigned i = 0; i < scenario_count && n < 64; i++)
		if (is_wanted(&scenarios[i]))
			rows[n++] = i;
	return cr_make_param_array(unsigned, rows, n);
}

ParameterizedTest(unsigned *row, crash_10_points, one_blood_cell, .init = open_lab, .fini = close_lab, .timeout = 600)
{
	try_scenario(&scenarios[*row], "stem { min = 3 } blood { min = 1 max = 1 } drone { min = 1 max = 2 }");
}
