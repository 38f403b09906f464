/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What clients do while cells are killed: one row per scenario. */
#ifndef CELLWS_TESTS_CRASH_SCENARIO_H
#define CELLWS_TESTS_CRASH_SCENARIO_H

#include "client.h"

extern const struct scenario scenarios[];
extern const unsigned scenario_count;

#define FILE_SMALL "small.txt" /* 700 bytes */
#define FILE_LARGE "large.bin" /* 1 MiB */

#endif
