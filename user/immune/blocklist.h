/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Block lists as people publish them: one address or prefix a line, comments behind # or ;, blank lines; pure. */
#ifndef CELLWS_IMMUNE_BLOCKLIST_H
#define CELLWS_IMMUNE_BLOCKLIST_H

#include "immune/address.h"

#define BLOCKLIST_WORD 80 /* of a word that is wrong, so much is shown, with the NUL */

/* What a line holds: prefix, and a set of enum address_notice; or NULL and the word that is none. Lines count from 1. */
typedef int (*blocklist_visit)(void *arg, size_t line, const struct address *prefix, unsigned int notice, const char *word);

/*
 * Calls each for every line that holds something; a second word on a line is wrong. Stops at the first result that is not
 * 0 and returns it, else 0.
 */
int blocklist_parse(const char *text, size_t n, blocklist_visit each, void *arg);

#endif
