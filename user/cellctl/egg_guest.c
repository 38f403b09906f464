/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The guest of a receiver: who has proved the trusted key; his keys and his spore, piece by piece, until both are whole. */
#include "cellctl/egg_receive.h"
#include "link/spore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ALL_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

static uint8_t frame[STREAM_FRAME_MOST], clear[STREAM_MOST + 1];

int guest_begin(struct receiver *r, struct visitor *v)
{
	r->spore = memfd_create("cellws-spore", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (r->spore < 0)
		return -errno;
	r->guest = v;
	r->have_keys = false;
	r->spore_n = r->spore_total = 0;
	v->until_ms = receiver_now_ms() + FRAME_MS;
	visitor_await(v, VISITOR_HEAD, frame, STREAM_HEAD_BYTES);
	return 0;
}

void guest_forget(struct receiver *r)
{
	r->guest = NULL;
	if (r->spore >= 0)
		close(r->spore);
	r->spore = -1;
	secret_wipe(&r->keys, sizeof(r->keys));
	secret_wipe(&r->in, sizeof(r->in));
	secret_wipe(&r->out, sizeof(r->out));
	secret_wipe(clear, sizeof(clear));
}

/* Says the last word; the guest closes when he has it. */
static void tell(struct receiver *r, enum stream_kind kind, const char *text)
{
	size_t n = strlen(text);
	int length;

	if (!n) {
		text = kind == STREAM_ACCEPTED ? "done" : "no reason was given";
		n = strlen(text);
	}
	length = stream_push(&r->out, kind, text, n, true, frame);
	if (length < 0 || send(r->guest->fd, frame, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) != length)
		receiver_say(r, r->guest, "cannot be told how it ended", -errno);
	shutdown(r->guest->fd, SHUT_WR);
	r->guest->state = VISITOR_WAITS;
	r->guest->until_ms = receiver_now_ms() + VISIT_MS;
}

static int take_keys(struct receiver *r, const uint8_t *bytes)
{
	if (r->have_keys)
		return -EPROTO;
	memcpy(r->keys.cell, bytes, KEY_BYTES);
	memcpy(r->keys.seed, bytes + KEY_BYTES, SECRET_SEED_BYTES);
	memcpy(r->keys.fingerprint, bytes + KEY_BYTES + SECRET_SEED_BYTES, SPORE_FINGERPRINT_KEY);
	r->have_keys = true;
	return 0;
}

/* The first piece holds the whole head, which says how much may come. */
static int take_piece(struct receiver *r, const uint8_t *bytes, size_t n)
{
	ssize_t put;

	if (!r->have_keys)
		return -EPROTO;
	if (!r->spore_n) {
		int64_t total = n < SPORE_HEAD_BYTES ? -EPROTO : spore_total(bytes);

		if (total < 0)
			return (int)total;
		r->spore_total = (uint64_t)total;
	}
	if (n > r->spore_total - r->spore_n)
		return -EMSGSIZE;
	put = pwrite(r->spore, bytes, n, (off_t)r->spore_n);
	if (put != (ssize_t)n)
		return put < 0 ? -errno : -EIO;
	r->spore_n += n;
	return 0;
}

static int judge(struct receiver *r)
{
	static struct spore s;
	void *at;
	int error;

	if (r->spore_n != r->spore_total)
		return -EBADMSG;
	at = mmap(NULL, r->spore_n, PROT_READ, MAP_SHARED, r->spore, 0);
	if (at == MAP_FAILED)
		return -errno;
	error = spore_read(&s, at, r->spore_n, r->e->trust, (uint64_t)time(NULL));
	munmap(at, r->spore_n);
	return error;
}

static int hand_over(struct receiver *r)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = &r->keys, .iov_len = sizeof(r->keys) };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &r->spore, sizeof(int));
	return sendmsg(r->keeper, &m, MSG_NOSIGNAL) == (ssize_t)sizeof(r->keys) ? 0 : -errno;
}

/* The spore is whole: the keeper gets it if it is good. */
static void finish(struct receiver *r)
{
	int error = fcntl(r->spore, F_ADD_SEALS, ALL_SEALS) ? -errno : judge(r);

	if (!error)
		error = hand_over(r);
	secret_wipe(&r->keys, sizeof(r->keys));
	if (error) {
		receiver_say(r, r->guest, "the spore is refused; nothing is installed", error);
		tell(r, STREAM_REFUSED, error == -EPROTONOSUPPORT ? "the spore is of another version" : "the spore is damaged");
		return;
	}
	r->guest->state = VISITOR_WAITS;
	r->guest->until_ms = receiver_now_ms() + LAY_MS;
}

static int take_message(struct receiver *r)
{
	enum stream_kind kind;
	bool last;
	int n = stream_pull(&r->in, frame, r->guest->need, clear, &kind, &last), error;

	if (n < 0)
		return n;
	if (kind == STREAM_KEYS && !last)
		error = take_keys(r, clear + 1);
	else if (kind == STREAM_PIECE)
		error = take_piece(r, clear + 1, (size_t)n);
	else
		error = -EPROTO;
	secret_wipe(clear, (size_t)n + 1);
	if (error)
		return error;
	r->guest->until_ms = receiver_now_ms() + FRAME_MS;
	if (last)
		finish(r);
	else
		visitor_await(r->guest, VISITOR_HEAD, frame, STREAM_HEAD_BYTES);
	return 0;
}

int guest_take(struct receiver *r)
{
	int n;

	if (r->guest->state == VISITOR_FRAME)
		return take_message(r);
	n = stream_length(frame);
	if (n < 0)
		return n;
	visitor_await(r->guest, VISITOR_FRAME, frame, (uint32_t)n);
	return 0;
}

void guest_answer(struct receiver *r, const struct egg_answer *answer)
{
	r->laid = !answer->code;
	if (!r->guest)
		return;
	receiver_say(r, r->guest, answer->code ? "the spore is refused; nothing is installed" : "the organism is laid", 0);
	tell(r, answer->code ? STREAM_REFUSED : STREAM_ACCEPTED, answer->say);
}
