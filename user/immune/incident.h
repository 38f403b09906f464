/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Incidents: what the immune system has decided, in words, and the one place that every one of them passes. */
#ifndef CELLWS_IMMUNE_INCIDENT_H
#define CELLWS_IMMUNE_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include "immune/address.h"
#include "shared/antigen.h"

#define INCIDENT_TAKERS_MAX 8
#define INCIDENT_DECISION   128 /* room for incident_decision, with the NUL */

/* Takes an incident, at once and without waiting; *i is gone afterwards. */
typedef void (*incident_taker)(void *ctx, const struct incident *i);

/* From now on taker is given every incident that passes, in the order of their numbers. -ENOSPC after the last place. */
int incident_listen(incident_taker taker, void *ctx);

/* Gives an incident to all who listen. Called for each by the T cell that keeps the records, once it is decided. */
void incident_pass(const struct incident *i);

/* Plain English for what was decided and why, and the short names used in JSON; never NULL. */
const char *incident_act_text(uint32_t act);
const char *incident_act_name(uint32_t act);
const char *antigen_text(uint32_t reason);
const char *antigen_name(uint32_t reason);

/* Whether every number in it has a name here: a newer kernel side may know more. */
bool incident_is_known(const struct incident *i);

/* Whom it is about: an address, a /64 or a wider prefix; false for a client that is gone. */
bool incident_address(const struct source *s, struct address *to);

/* The other way round: the source of a ban of a, which is one that address_of_ban() gives. */
struct source incident_source(const struct address *a);

/*
 * The decision as it is kept: "banned ttl_s=600 offence=1 score=100 evidence=1", and " host=" with 16 hex digits where it was
 * another's. to: INCIDENT_DECISION bytes. And back: fills act, ttl_s, offence, score, count and host; false when it is none of these.
 */
void incident_decision(const struct incident *i, char *to);
bool incident_decision_read(const char *text, struct incident *to);

#endif
