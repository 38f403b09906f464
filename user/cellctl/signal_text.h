/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of signals and reasons, and a signal as the operator writes it. Pure. */
#ifndef CELLWS_CELLCTL_SIGNAL_TEXT_H
#define CELLWS_CELLCTL_SIGNAL_TEXT_H

#include <stdint.h>
#include "shared/hormone.h"

/* "growth", "alarm", ...; "unknown". */
const char *hormone_name(uint32_t hormone);

/* "deadline", ...; "unknown". The sentence is reason_text() of tissue. */
const char *reason_name(uint32_t reason);

/*
 * Reads KIND or KIND:CLASS and STRENGTH ("growth:drone", "0.5") into kind, class and strength_q16 of call. Strength is above
 * 0 and at most 1. Returns NULL, or a phrase that says what is wrong and what is allowed, which lives until the next call.
 */
const char *signal_read(const char *signal, const char *strength, struct bus_call *call);

#endif
