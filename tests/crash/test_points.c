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
	unsigned failed = 0, instructions = trial_setting("CRASH_POINTS", 200);
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

#define ROWS 64

/* Rows of the table, for every test below. */
static struct criterion_test_params rows_wanted(unsigned rows[ROWS], bool stems_die)
{
	size_t n = 0;

	for (unsigned i = 0; i < scenario_count && n < ROWS; i++)
		if (is_wanted(&scenarios[i]) && !(stems_die && scenarios[i].condemned))
			rows[n++] = i;
	return cr_make_param_array(unsigned, rows, n);
}

ParameterizedTestParameters(crash_10_points, a_one_blood_cell)
{
	static unsigned rows[ROWS];

	return rows_wanted(rows, false);
}

ParameterizedTest(unsigned *row, crash_10_points, a_one_blood_cell, .init = open_lab, .fini = close_lab, .timeout = 900)
{
	try_scenario(&scenarios[*row], "stem { min = 3 } blood { min = 1 max = 1 } drone { min = 1 max = 2 }");
}

ParameterizedTestParameters(crash_10_points, b_two_blood_cells)
{
	static unsigned rows[ROWS];

	return rows_wanted(rows, false);
}

/* The same points, but fewer: a sister serves another vessel meanwhile. */
ParameterizedTest(unsigned *row, crash_10_points, b_two_blood_cells, .init = open_lab, .fini = close_lab, .timeout = 900)
{
	unsigned instructions = trial_setting("CRASH_POINTS", 200) / 8;
	const struct scenario *s = &scenarios[*row];
	struct trial trial;

	trial_open(&trial, &lab, "stem { min = 3 } blood { min = 2 max = 2 } drone { min = 2 max = 2 }");
	points_try(&trial, s, CLASS_BLOOD, instructions);
	trial_close(&trial);
	cr_expect(trial.tried > 0, "%s: no point was tried", s->name);
	cr_expect_eq(trial.failed, 0, "%s: %u failures", s->name, trial.failed);
}

ParameterizedTestParameters(crash_10_points, c_the_adopter_too)
{
	static unsigned rows[ROWS];

	return rows_wanted(rows, true);
}

/* Two kills in one connection's life. */
ParameterizedTest(unsigned *row, crash_10_points, c_the_adopter_too, .init = open_lab, .fini = close_lab, .timeout = 900)
{
	unsigned points = trial_setting("CRASH_POINTS", 200);
	const struct scenario *s = &scenarios[*row];
	struct trial trial;

	trial_open(&trial, &lab, "stem { min = 1 } blood { min = 1 max = 1 } drone { min = 1 max = 1 }");
	points_try_adopter(&trial, s, points / 100, 17, points / 20);
	trial_close(&trial);
	cr_expect(trial.tried > 0, "%s: no point was tried", s->name);
	cr_expect_eq(trial.failed, 0, "%s: %u failures", s->name, trial.failed);
}
