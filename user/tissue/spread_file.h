/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files in which a DNA for all hosts lies between its writers and a gamete: a head, then the spore. */
#ifndef CELLWS_TISSUE_SPREAD_FILE_H
#define CELLWS_TISSUE_SPREAD_FILE_H

#include "link/spread.h"

/* bytes: s->n of them. The head comes last: who looks meanwhile, or finds what a dead writer has left, sees none. 0 or -errno. */
int spread_file_write(int fd, const struct spread *s, const uint8_t *bytes);

#endif
