/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reporter from outside: its file in the run directory, which it holds locked as long as it lives. */
#ifndef CELLWS_CELLCTL_REPORTER_H
#define CELLWS_CELLCTL_REPORTER_H

#include <sys/types.h>
#include "cellctl/verb.h"

/* Makes the file; a descriptor or -errno. */
int reporter_file(const struct invocation *in, const char *name);
/* Its pid, 0 when there was one and it is dead, -1 when none was wanted. */
pid_t reporter_find(const struct invocation *in, const char *name);
/* Lets it report what is decided, ends it and its program, and removes the file. */
void reporter_end(const struct invocation *in, const char *name);

#endif
