/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The other hosts of the family, for the verbs that show them. */
#ifndef CELLWS_CELLCTL_HOSTS_H
#define CELLWS_CELLCTL_HOSTS_H

#include <jansson.h>
#include "cellctl/verb.h"
#include "shared/link.h"

/* How many are known, or -errno. */
int hosts_read(const struct invocation *in, const char *name, struct host rows[HOSTS_MAX]);

/* An array, empty when none is known. */
json_t *hosts_json(const struct invocation *in, const char *name);

/* hosts_expel.c: `hosts expel ID`, the verb's flag taken out. The exit code. */
int hosts_expel(const struct invocation *in, bool withdraw);

/* A table with a line above it; nothing when none is known. */
void hosts_print(const struct invocation *in, const char *name);

#endif
