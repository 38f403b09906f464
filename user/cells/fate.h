/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a stem does next, from the census alone: a pure function. */
#ifndef CELLWS_CELLS_FATE_H
#define CELLWS_CELLS_FATE_H

#include "shared/cell.h"

enum fate_act {
	FATE_WAIT,
	FATE_BECOME,
	FATE_DIVIDE,
};

struct fate {
	enum fate_act act;
	int class;
	__u32 seen; /* how many of the class lived */
};

/* census: by class, CLASS_COUNT entries. The most needed class first; a full pool and full minima mean waiting. */
struct fate fate_of_stem(const struct census *census);

#endif
