/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a drone says of its answer, and whether a drone in its right mind can have said so. Pure: blood and voters ask the same. */
#ifndef CELLWS_TISSUE_ANSWER_H
#define CELLWS_TISSUE_ANSWER_H

#include "tissue/synapse.h"

/* The numbers of one answer, as they stand in its slot; copied before they are judged: the slot may change meanwhile. */
struct answer_said {
	uint32_t kind;     /* enum answer_kind */
	uint32_t status;
	uint32_t head_len; /* bytes of header lines, with the empty line */
	uint32_t body_len; /* bytes of the body in the slot */
	uint64_t length;
	uint64_t file_offset;
};
_Static_assert(sizeof(struct answer_said) == 32, "it lies in charts, which processes share");

/* Room that the server's own lines take of the head. */
#define ANSWER_PREFIX_MAX 256u
#define ANSWER_LINES_MAX (SLOT_ANSWER_HEAD_ROOM - ANSWER_PREFIX_MAX - SLOT_FRAME)

/* X(NAME, "what is wrong"): none of it comes from a gene, whatever that does through the gene interface. */
#define ANSWER_FAULTS(X)                                                          \
	X(KIND, "no such kind of answer")                                         \
	X(STATUS, "a status out of range")                                        \
	X(HEAD, "more header lines than there is room for")                       \
	X(LINES, "header lines that are none, or are the server's own")           \
	X(BODY, "more bytes than there is room for")                              \
	X(LENGTH, "a length that is not that of the body")                        \
	X(FILE, "a part of a file that no file has")

enum answer_fault {
	ANSWER_SOUND = 0,
#define X(NAME, text) ANSWER_FAULT_##NAME,
	ANSWER_FAULTS(X)
#undef X
	ANSWER_FAULT_COUNT
};

/* The numbers of a slot whose drone has answered. */
struct answer_said answer_said(const struct slot *s);

/*
 * The first fault of an answer. lines: its header lines from the first on, seen bytes of them; when that is less than
 * head_len, only the lines that end within it are judged.
 */
enum answer_fault answer_fault(const struct answer_said *w, const char *lines, uint32_t seen);

const char *answer_fault_text(enum answer_fault fault);

/* Whether an answer of this status has a body, as far as its request is none of HEAD. */
static inline bool answer_status_has_body(uint32_t status)
{
	return status >= 200 && status != 204 && status != 304;
}

#endif
