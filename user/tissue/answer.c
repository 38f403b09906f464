/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The check of an answer: numbers first, then every header line. */
#include "tissue/answer.h"
#include "http/bytes.h"

#include <string.h>
#include <strings.h>

struct answer_said answer_said(const struct slot *s)
{
	const volatile struct slot *from = s;

	return (struct answer_said){
		.kind = from->kind,
		.status = from->status,
		.head_len = from->head_len,
		.body_len = from->body_len,
		.length = from->length,
		.file_offset = from->file_offset,
	};
}

/* Fields that frame the answer are the server's own. */
static bool name_is_framing(const char *name, size_t n)
{
	return (n == 14 && !strncasecmp(name, "Content-Length", 14)) || (n == 17 && !strncasecmp(name, "Transfer-Encoding", 17)) ||
	       (n == 10 && !strncasecmp(name, "Connection", 10));
}

/* Header lines up to end, each whole. */
static bool lines_are_sane(const char *at, const char *end)
{
	while (at < end) {
		const char *name = at;

		while (at < end && http_byte_is(*at, BYTE_TOKEN))
			at++;
		if (at == name || at == end || *at != ':' || name_is_framing(name, (size_t)(at - name)))
			return false;
		at++;
		while (at < end && http_byte_is(*at, BYTE_VALUE))
			at++;
		if (end - at < 2 || memcmp(at, "\r\n", 2))
			return false;
		at += 2;
	}
	return true;
}

/* One behind the last line feed among n bytes. */
static uint32_t whole_lines(const char *lines, uint32_t n)
{
	while (n && lines[n - 1] != '\n')
		n--;
	return n;
}

static enum answer_fault numbers_fault(const struct answer_said *w)
{
	if (w->kind > ANSWER_BREAK)
		return ANSWER_FAULT_KIND;
	if (w->status < 200 || w->status > 599)
		return ANSWER_FAULT_STATUS;
	if (w->head_len < 2 || w->head_len > ANSWER_LINES_MAX)
		return ANSWER_FAULT_HEAD;
	if (w->body_len > SLOT_ANSWER_BODY_ROOM)
		return ANSWER_FAULT_BODY;
	/* An answer to HEAD, and one whose status has no body, names a length and brings nothing. */
	if (w->kind == ANSWER_BYTES && w->body_len && w->body_len != w->length)
		return ANSWER_FAULT_LENGTH;
	/* Nothing is more than CELLWS_UNKNOWN. */
	if (w->kind == ANSWER_PULL && w->body_len > w->length)
		return ANSWER_FAULT_LENGTH;
	if (w->kind == ANSWER_FILE && (w->body_len || w->length > INT64_MAX || w->file_offset > INT64_MAX - w->length))
		return ANSWER_FAULT_FILE;
	return ANSWER_SOUND;
}

enum answer_fault answer_fault(const struct answer_said *w, const char *lines, uint32_t seen)
{
	enum answer_fault fault = numbers_fault(w);
	uint32_t n = w->head_len - 2;

	if (fault)
		return fault;
	if (seen >= w->head_len) {
		if (memcmp(lines + n, "\r\n", 2))
			return ANSWER_FAULT_LINES;
	} else {
		n = whole_lines(lines, seen < n ? seen : n);
	}
	return lines_are_sane(lines, lines + n) ? ANSWER_SOUND : ANSWER_FAULT_LINES;
}

const char *answer_fault_text(enum answer_fault fault)
{
	static const char *const texts[ANSWER_FAULT_COUNT] = {
		[ANSWER_SOUND] = "nothing is wrong",
#define X(NAME, text) [ANSWER_FAULT_##NAME] = text,
		ANSWER_FAULTS(X)
#undef X
	};

	return (unsigned)fault < ANSWER_FAULT_COUNT ? texts[fault] : texts[0];
}
