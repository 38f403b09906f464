/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The switch between observing and enforcing: one field among the rules that programs and cells read at once. */
#ifndef CELLWS_CELLCTL_OBSERVE_H
#define CELLWS_CELLCTL_OBSERVE_H

#include <stdbool.h>

struct immune;
struct invocation;

/* 1: the organism only observes, 0: it enforces, or -errno. */
int observe_is_on(const struct invocation *in, const char *name);

/* Verbs of `cellctl immune`. The exit code, said. */
int immune_observe(struct immune *call);
int immune_enforce(struct immune *call);

#endif
