/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Taking over a vessel: from nobody, or from a blood cell that is dead. */
#ifndef CELLWS_CELLS_BLOOD_ADOPT_H
#define CELLWS_CELLS_BLOOD_ADOPT_H

#include "cells/blood.h"

/* Makes a fresh vessel, or finds out what the dead cell was in the middle of and goes on there. */
void blood_adopt(struct artery *a);

/* Whether the descriptor in a record is still that of its connection. */
bool conn_is_open(const struct conn *c);

/* blood_strays.c: connections the dead cell had accepted but not yet recorded. */
void adopt_strays(struct artery *a);
/* Files it had received: closed when nobody owns them a while later. */
void adopt_close_strays(struct artery *a);

#endif
