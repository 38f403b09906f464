/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Answers out of slots: read once, checked, framed in place, remembered if they may be, and sent. */
#include "cells/blood.h"

#include <cellws/gene.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the drone wrote, copied before it is judged: the drone could change it meanwhile. */
struct answer {
	struct answer_said said;
	uint32_t fresh_ms, head_at, head_n, date_at, pieces;
	bool last;
};

bool gift_note(struct artery *a)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	uint64_t label = 0, known, word;
	struct iovec iov = { .iov_base = &label, .iov_len = sizeof(label) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(plan_gift_out(a->t->plan, a->v), &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	uint32_t slot = (uint32_t)(label & 0xff);
	struct stat st;
	int got = -1;

	if (n <= 0)
		return false;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&got, CMSG_DATA(c), sizeof(int));
	if (got < 0)
		return true;
	known = a->vessel->asked[slot].word;
	word = slot_state(known) == SLOT_QUEUED ? atomic_load(&a->synapse->slot[slot].word) : known;
	if (n != sizeof(label) || label >> 8 != word >> 8 || slot_ticket(word) != slot_ticket(known) || a->vessel->gift[slot] >= 0 || fstat(got, &st) || !S_ISREG(st.st_mode))
		close(got); /* for a request that is over, or no file at all */
	else
		a->vessel->gift[slot] = got;
	return true;
}

/* The file that came with a slot's answer; -1 when none did. */
static int gift_take(struct artery *a, uint32_t slot)
{
	int fd;

	/* No more than the socket holds: somebody may go on filling it. */
	for (uint32_t n = 0; a->vessel->gift[slot] < 0; n++)
		if (n == GIFTS_AT_ONCE || !gift_note(a))
			return -1;
	fd = a->vessel->gift[slot];
	a->vessel->gift[slot] = -1;
	return fd;
}

/* What is wrong with a piece, left bytes before the end of the answer. */
static enum answer_fault pull_fault(const struct conn *c, const struct answer *w, uint64_t left)
{
	if (w->said.kind != ANSWER_PULL || w->pieces != c->pieces + 1)
		return ANSWER_FAULT_KIND;
	if (w->said.body_len > SLOT_ANSWER_BODY_ROOM)
		return ANSWER_FAULT_BODY;
	if (left != CELLWS_UNKNOWN && (w->said.body_len > left || (w->last && w->said.body_len < left)))
		return ANSWER_FAULT_LENGTH;
	return ANSWER_SOUND;
}

/* What is wrong with the first part of an answer to this request, if anything is. */
static enum answer_fault first_fault(struct artery *a, const struct conn *c, uint32_t slot, const struct answer *w)
{
	const struct answer_said *said = &w->said;
	const char *end = (const char *)a->synapse->data[slot] + SLOT_ANSWER_BODY_AT - (c->flags & CONN_PIECES ? SLOT_FRAME : 0);
	uint32_t n = said->head_len < ANSWER_LINES_MAX ? said->head_len : ANSWER_LINES_MAX;
	enum answer_fault fault = answer_fault(said, end - n, n);

	/* What was promised and does not come would be taken from the answer behind it. */
	if (!fault && said->kind == ANSWER_BYTES && !(c->flags & CONN_HEAD_ONLY) && answer_status_has_body(said->status) &&
		said->body_len != said->length)
		fault = ANSWER_FAULT_LENGTH;
	if (!fault && said->kind == ANSWER_PULL)
		fault = pull_fault(c, w, said->length);
	/* Nothing else comes in pieces. */
	else if (!fault && !w->last)
		fault = ANSWER_FAULT_KIND;
	return fault;
}

static enum answer_fault answer_read(struct artery *a, uint32_t i, uint32_t slot, struct answer *w)
{
	struct conn *c = conn_at(a, i);
	bool unknown = w->said.kind == ANSWER_PULL && w->said.length == CELLWS_UNKNOWN;
	enum answer_fault fault;

	/* Where the client knows no chunks, the end of the connection is the end of the answer. */
	if (unknown && (c->flags & CONN_OLD))
		c->flags &= ~(uint32_t)CONN_KEEP;
	else if (unknown)
		c->flags |= CONN_PIECES;
	if (!blood_body_is_read(c))
		c->flags &= ~(uint32_t)CONN_KEEP;
	fault = first_fault(a, c, slot, w);
	if (fault)
		return fault;
	w->head_at = head_compose(a, i, slot, &w->said, &w->date_at);
	w->head_n = SLOT_ANSWER_BODY_AT - (c->flags & CONN_PIECES ? SLOT_FRAME : 0) - w->head_at;
	return ANSWER_SOUND;
}

/* Frames a piece in place. Returns how many bytes to send from SLOT_ANSWER_BODY_AT - SLOT_FRAME on. */
static uint32_t piece_frame(char *data, uint32_t n, bool last)
{
	char *body = data + SLOT_ANSWER_BODY_AT, *end = body + n, size[SLOT_FRAME + 1];

	if (!n) {
		memcpy(body - SLOT_FRAME, "0\r\n\r\n", 5);
		return last ? 5 : 0;
	}
	snprintf(size, sizeof(size), "%08x\r\n", n);
	memcpy(body - SLOT_FRAME, size, SLOT_FRAME);
	memcpy(end, last ? "\r\n0\r\n\r\n" : "\r\n", last ? 7 : 2);
	return SLOT_FRAME + n + (last ? 7 : 2);
}

/* Sends the body bytes in the slot, after head_n bytes of head that stand right before them, then the file, if any. */
static void answer_send(struct artery *a, uint32_t i, uint32_t slot, const struct answer *w, uint64_t pull_left)
{
	struct conn *c = conn_at(a, i);
	struct conn_out part = { .kind = OUT_SLOT, .ref = slot, .last = w->last, .piece = w->pieces, .pull_left = pull_left };
	uint32_t n = c->flags & CONN_HEAD_ONLY ? 0 : w->said.body_len;

	part.start = SLOT_ANSWER_BODY_AT - w->head_n;
	if ((c->flags & CONN_PIECES) && !(c->flags & CONN_HEAD_ONLY)) {
		part.start -= SLOT_FRAME;
		n = piece_frame((char *)a->synapse->data[slot], n, w->last);
	} else if (c->flags & CONN_PIECES) {
		part.start -= SLOT_FRAME;
	}
	part.n = w->head_n + n;
	if (c->file >= 0) {
		part.file_at = w->said.file_offset;
		part.file_left = w->said.length;
	}
	blood_send(a, i, &part);
}

/* Whether header lines allow an answer to be given to others: no cookie is set, it varies by coding at most. */
static bool lines_are_public(const char *lines, uint32_t n)
{
	const char *at = lines, *end = lines + n;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		size_t line = lf ? (size_t)(lf - at) : (size_t)(end - at);

		if (line > 10 && !strncasecmp(at, "Set-Cookie", 10))
			return false;
		if (line > 5 && !strncasecmp(at, "Vary:", 5) && !(line == 22 && !strncasecmp(at, "Vary: Accept-Encoding", 21)))
			return false;
		at += line + 1;
	}
	return true;
}

static void answer_remember(struct artery *a, uint32_t i, uint32_t slot, const struct answer *w)
{
	const struct asked *r = &a->vessel->asked[slot];
	struct conn *c = conn_at(a, i);
	const char *data = (const char *)a->synapse->data[slot];
	char key[REPLY_KEY];
	uint32_t key_n;

	if (!w->fresh_ms || c->generation != a->t->generation || w->said.kind != ANSWER_BYTES || !(c->flags & CONN_PLAIN) || (c->flags & CONN_HEAD_ONLY) ||
		w->said.status >= 500 || w->head_n + w->said.body_len > REPLY_BYTES || w->said.length != w->said.body_len ||
		!lines_are_public(data + w->head_at, w->head_n))
		return;
	/* From the input, not from the slot: a drone could have its answer remembered for any request. */
	key_n = reply_key(vessel_byte(a->vessel, c, c->used), r->target, r->host, key);
	if (key_n)
		reply_remember(a, key, key_n, blood_variant(c), data + w->head_at, w->head_n, w->said.body_len, w->date_at,
			w->fresh_ms < 10000 ? w->fresh_ms : 10000);
}

static void answer_refuse(struct artery *a, uint32_t i, uint32_t slot, const char *what)
{
	tissue_log(a->t, "the answer of drone %u is refused (%s): 502",
		cell_slot_of_id(slot_drone(a->vessel->asked[slot].word)), what);
	a->vitals->errors++;
	blood_refuse(a, i, 502, false);
}

/* As above; and where the drone vouches for it in its own chart, the others are called to look. */
static void answer_malformed(struct artery *a, uint32_t i, uint32_t slot, enum answer_fault fault)
{
	exhibit_show(a, slot);
	answer_refuse(a, i, slot, answer_fault_text(fault));
}

static void answer_first(struct artery *a, uint32_t i, uint32_t slot, struct answer *w)
{
	struct conn *c = conn_at(a, i);
	enum answer_fault fault;

	if (w->said.kind == ANSWER_BREAK) {
		answer_refuse(a, i, slot, "its gene gave up");
		return;
	}
	fault = answer_read(a, i, slot, w);
	if (fault) {
		answer_malformed(a, i, slot, fault);
		return;
	}
	if (w->said.kind == ANSWER_FILE && c->file < 0) {
		c->file = gift_take(a, slot);
		/* The cell that served here before may have died with the file in hand. */
		if (c->file < 0 && slot_repeat(a, i, slot, SLOT_TAKEN))
			return;
		if (c->file < 0) {
			answer_refuse(a, i, slot, "no file came with it");
			return;
		}
	}
	answer_remember(a, i, slot, w);
	answer_send(a, i, slot, w, w->said.length == CELLWS_UNKNOWN ? CELLWS_UNKNOWN : w->said.length - w->said.body_len);
}

/* A later piece. More than the promised length is the end of the connection, like a broken answer. */
static void answer_next(struct artery *a, uint32_t i, uint32_t slot, struct answer *w)
{
	struct conn *c = conn_at(a, i);
	uint64_t left = conn_out(c)->pull_left;
	uint32_t n = w->said.body_len;

	if (pull_fault(c, w, left)) {
		/* Where the end of the connection is the end of the answer, a broken one must not look whole: it is reset. */
		struct linger reset = { .l_onoff = 1 };

		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		a->vitals->errors++;
		exhibit_show(a, slot);
		blood_close(a, i);
		return;
	}
	w->head_n = 0;
	answer_send(a, i, slot, w, left == CELLWS_UNKNOWN ? left : left - n);
}

static void slot_answered(struct artery *a, uint32_t i, uint32_t slot, bool last)
{
	const volatile struct slot *s = &a->synapse->slot[slot];
	struct conn *c = conn_at(a, i);
	struct answer w;

	w.said = answer_said(&a->synapse->slot[slot]);
	w.fresh_ms = s->fresh_ms;
	/* Nothing but a pulled answer has any. */
	w.pieces = w.said.kind == ANSWER_PULL || c->pieces ? s->pieces : 0;
	w.last = last;
	/* A piece that was sent before its cell died: the drone may go on. */
	if (w.pieces && w.pieces == c->pieces && !last)
		slot_want_more(a, slot);
	else if (c->pieces)
		answer_next(a, i, slot, &w);
	else
		answer_first(a, i, slot, &w);
}

void slot_look(struct artery *a, uint32_t slot)
{
	struct asked *r = &a->vessel->asked[slot];
	uint32_t i = r->asker, state;
	uint64_t word;

	if (!asked_look(a, slot, &word))
		return;
	state = slot_state(word);
	if (state != SLOT_DONE && state != SLOT_PIECE && state != SLOT_HUNGRY)
		return;
	if (!asked_has_asker(a, slot)) {
		/* One that is kept stays until its time is over. */
		if (word != r->word)
			slot_discard(a, slot, word);
		return;
	}
	if (!conn_ready(a, i) || conn_at(a, i)->slot != slot)
		return;
	/* What is being sent already is looked at again when it is sent. */
	if (conn_at(a, i)->phase == CONN_SENDING)
		return;
	r->word = word;
	if (state != SLOT_HUNGRY)
		slot_answered(a, i, slot, state == SLOT_DONE);
	blood_go(a, i);
}

void blood_collect(struct artery *a)
{
	for (uint32_t w = 0; w < SYNAPSE_SLOTS / 64; w++) {
		uint64_t bits;

		if (!atomic_load_explicit(&a->synapse->done[w], memory_order_relaxed))
			continue;
		bits = atomic_exchange(&a->synapse->done[w], 0);
		while (bits) {
			uint32_t bit = (uint32_t)__builtin_ctzll(bits);

			bits &= bits - 1;
			slot_look(a, w * 64 + bit);
		}
	}
}
