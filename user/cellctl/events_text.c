/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events in plain English and in JSON. */
#include "cellctl/events.h"
#include "cellctl/signal_text.h"
#include "dna/dna.h"
#include "immune/incident.h"
#include "tissue/tissue.h"

#include <stdio.h>
#include <string.h>

#define WHO 32

const char *event_name(uint32_t kind)
{
	static const char *const names[HAPPENED_COUNT] = {
#define X(NAME, name) [HAPPENED_##NAME] = #name,
		EVENTS(X)
#undef X
	};

	return kind > HAPPENED_NONE && kind < HAPPENED_COUNT ? names[kind] : "unknown";
}

/* "drone 3"; who has no class is root. */
static const char *write_who(uint32_t slot, uint32_t class, char to[WHO])
{
	if (slot == CELL_NOBODY)
		snprintf(to, WHO, "root");
	else
		snprintf(to, WHO, "%s %u", class_name((int)class), slot);
	return to;
}

/* The cell of an id; a dead one is known as long as nobody else has its slot. */
static const char *write_id(uint32_t id, const volatile struct cell *cells, char to[WHO])
{
	uint32_t slot = cell_slot_of_id(id);

	if (slot < CELL_SLOTS_MAX && cells[slot].id == id)
		return write_who(slot, cells[slot].class, to);
	snprintf(to, WHO, "cell %u", slot);
	return to;
}

static const char *write_signal(uint32_t hormone, uint32_t class, char to[WHO])
{
	snprintf(to, WHO, "%s%s%s", hormone_name(hormone), class ? ":" : "", class ? class_name((int)class) : "");
	return to;
}

static void write_death(const char *who, uint32_t code, char *to, size_t room)
{
	if (code & 0x7f)
		snprintf(to, room, "%s was killed by signal %u (%s)", who, code & 0x7f, strsignal((int)(code & 0x7f)));
	else
		snprintf(to, room, "%s ended with exit code %u", who, code >> 8 & 0xff);
}

static void write_stranger(const struct event *e, char *to, size_t room)
{
	static const char *const what[] = { "did what only cells may", "tried to act as a cell", "wanted an address of ours",
		"ran another program and is no cell any more" };

	if (e->b == 3)
		snprintf(to, room, "process %u %s", e->a, what[3]);
	else
		snprintf(to, room, "process %u, which is no cell, %s", e->a, what[e->b < 3 ? e->b : 0]);
}

/* What a cell says of another, or of what it wants. False when the event is none of these. */
static bool write_said(const struct event *e, const volatile struct cell *cells, const char *who, char *to, size_t room)
{
	char other[WHO], strength[16];

	switch (e->kind) {
	case HAPPENED_SECRETE:
		dna_fraction_write(e->c, strength, sizeof(strength));
		snprintf(to, room, "%s signals %s at %s", who, write_signal(e->a, e->b, other), strength);
		return true;
	case HAPPENED_CARRY:
		dna_fraction_write(e->c, strength, sizeof(strength));
		snprintf(to, room, "%s brings %s at %s from host %016llx", who, write_signal(e->a, e->b, other), strength,
			(unsigned long long)e->source.key);
		return true;
	case HAPPENED_ACCUSE:
		snprintf(to, room, "%s accuses %s: %s", who, write_id(e->a, cells, other), reason_text(e->b));
		return true;
	case HAPPENED_VOTE:
		snprintf(to, room, "%s votes against %s, as %u of %u do: %s", who, write_id(e->a, cells, other), e->c >> 16,
			e->c & 0xffff, reason_text(e->b));
		return true;
	case HAPPENED_CONDEMN:
		snprintf(to, room, "%s was condemned by %u of %u: %s", who, e->c >> 16, e->c & 0xffff, reason_text(e->b));
		return true;
	case HAPPENED_REFUSE:
		snprintf(to, room, "%s was refused%s%s: %s", who, e->b ? " a signal of " : "", e->b ? hormone_name(e->b) : "",
			gland_answer_text(e->a));
		return true;
	default:
		return false;
	}
}

static const char *write_source(const struct source *s, char to[ADDRESS_TEXT])
{
	struct address a;

	return incident_address(s, &a) ? address_format(&a, to) : strcpy(to, "somebody");
}

static void write_ban(const struct event *e, const char *who, const char *source, char *to, size_t room)
{
	char length[48] = "until it is lifted";

	if (e->b)
		snprintf(length, sizeof(length), "for %u s", e->b);
	if (e->kind == HAPPENED_WIDEN)
		snprintf(to, room, "%s bans all of %s %s (offence %u): %u of its 256 parts were banned", who, source, length, e->c, e->a);
	else if (e->class && e->source.via)
		snprintf(to, room, "%s has %s behind trusted proxies answered 403 %s (offence %u): it %s", who, source, length, e->c,
			antigen_text(e->a));
	else if (e->class)
		snprintf(to, room, "%s bans %s %s (offence %u): it %s", who, source, length, e->c, antigen_text(e->a));
	else
		snprintf(to, room, "%s was banned %s by hand", source, length);
}

/* What the immune system decides. False when the event is none of these. */
static bool write_immune(const struct event *e, const char *who, char *to, size_t room)
{
	char source[ADDRESS_TEXT];

	switch (e->kind) {
	case HAPPENED_BAN:
	case HAPPENED_WIDEN:
		write_ban(e, who, write_source(&e->source, source), to, room);
		return true;
	case HAPPENED_UNBAN:
		snprintf(to, room, "the ban of %s was lifted by hand", write_source(&e->source, source));
		return true;
	case HAPPENED_ALARM:
		snprintf(to, room, "%s calls the alarm: %u pieces of evidence in a second, the threshold is %u", who, e->a, e->b);
		return true;
	case HAPPENED_CALM:
		snprintf(to, room, "%s says that the attack is over: %u pieces of evidence in the last second, the threshold is %u",
			who, e->a, e->b);
		return true;
	default:
		return false;
	}
}

void events_write(const struct event *e, const volatile struct cell *cells, char *to, size_t room)
{
	char who[WHO];

	write_who(e->slot, e->class, who);
	if (write_said(e, cells, who, to, room) || write_immune(e, who, to, room))
		return;
	switch (e->kind) {
	case HAPPENED_BIRTH:
		if (e->a < CELL_SLOTS_MAX)
			snprintf(to, room, "%s was born, daughter of cell %u", who, e->a);
		else
			snprintf(to, room, "%s was born", who);
		break;
	case HAPPENED_BECAME:
		snprintf(to, room, "%s %u became %s %u", class_name((int)e->a), e->slot, class_name((int)e->class), e->slot);
		break;
	case HAPPENED_DEATH:
		write_death(who, e->a, to, room);
		break;
	case HAPPENED_LEAVE:
		snprintf(to, room, "%s leaves: it finishes its work and ends", who);
		break;
	case HAPPENED_TUMOUR:
		snprintf(to, room, "%s made a process without licence (pid %u); it is ended", who, e->a);
		break;
	case HAPPENED_STRANGER:
		write_stranger(e, to, room);
		break;
	case HAPPENED_MUTATE:
		snprintf(to, room, "the DNA of generation %u is in force, put in place by %s", e->a, who);
		break;
	default:
		snprintf(to, room, "%s: something this version has no name for (%u)", who, e->kind);
	}
}

static json_t *slot_json(uint32_t slot)
{
	return slot < CELL_SLOTS_MAX ? json_integer(slot) : json_null();
}

static json_t *class_json(uint32_t class)
{
	return class ? json_string(class_name((int)class)) : json_null();
}

static void set_number(json_t *o, const char *key, uint32_t n)
{
	json_object_set_new(o, key, json_integer(n));
}

static void set_target(json_t *o, const struct event *e, const volatile struct cell *cells)
{
	uint32_t slot = cell_slot_of_id(e->a);
	bool known = slot < CELL_SLOTS_MAX && cells[slot].id == e->a;

	json_object_set_new(o, "target", json_pack("{s:o, s:I, s:o}", "slot", slot_json(slot), "id", (json_int_t)e->a, "class",
						 class_json(known ? cells[slot].class : CLASS_NONE)));
}

/* Accusation, vote, sentence. */
static void set_trial(json_t *o, const struct event *e, const volatile struct cell *cells)
{
	if (e->kind != HAPPENED_CONDEMN)
		set_target(o, e, cells);
	json_object_set_new(o, "reason", json_string(reason_name(e->b)));
	if (e->kind == HAPPENED_ACCUSE)
		return;
	set_number(o, "votes", e->c >> 16);
	set_number(o, "electorate", e->c & 0xffff);
}

static void set_refusal(json_t *o, const struct event *e)
{
	json_object_set_new(o, "answer", json_string(gland_answer_text(e->a)));
	json_object_set_new(o, "hormone", e->b ? json_string(hormone_name(e->b)) : json_null());
}

static void set_stranger(json_t *o, const struct event *e)
{
	static const char *const what[] = { "unknown", "gland", "bind", "exec" };

	set_number(o, "pid", e->a);
	json_object_set_new(o, "what", json_string(what[e->b < 4 ? e->b : 0]));
}

static void set_immune(json_t *o, const struct event *e)
{
	char source[ADDRESS_TEXT];

	if (e->kind == HAPPENED_ALARM || e->kind == HAPPENED_CALM) {
		set_number(o, "per_s", e->a);
		set_number(o, "threshold", e->b);
		return;
	}
	json_object_set_new(o, "source", json_string(write_source(&e->source, source)));
	json_object_set_new(o, "by", json_string(e->class ? class_name((int)e->class) : "hand"));
	if (e->kind == HAPPENED_UNBAN)
		return;
	set_number(o, "ttl_s", e->b);
	set_number(o, "offence", e->c);
	if (e->kind == HAPPENED_BAN) {
		json_object_set_new(o, "reason", json_string(antigen_name(e->a)));
		json_object_set_new(o, "behind_proxy", json_boolean(e->source.via));
	} else {
		set_number(o, "hostile", e->a);
	}
}

static void set_signal(json_t *o, const struct event *e)
{
	json_object_set_new(o, "hormone", json_string(hormone_name(e->a)));
	json_object_set_new(o, "of", class_json(e->b));
	json_object_set_new(o, "strength", json_real(((uint64_t)e->c * 10000 + Q16_ONE / 2) / Q16_ONE / 10000.0));
}

static void set_carried(json_t *o, const struct event *e)
{
	char host[17];

	set_signal(o, e);
	snprintf(host, sizeof(host), "%016llx", (unsigned long long)e->source.key);
	json_object_set_new(o, "host", json_string(host));
}

static void set_rest(json_t *o, const struct event *e, const volatile struct cell *cells)
{
	switch (e->kind) {
	case HAPPENED_BIRTH:
		json_object_set_new(o, "mother", slot_json(e->a));
		break;
	case HAPPENED_BECAME:
		json_object_set_new(o, "from", class_json(e->a));
		break;
	case HAPPENED_DEATH:
		set_number(o, e->a & 0x7f ? "signal" : "code", e->a & 0x7f ? e->a & 0x7f : e->a >> 8 & 0xff);
		break;
	case HAPPENED_TUMOUR:
	case HAPPENED_MUTATE:
		set_number(o, e->kind == HAPPENED_TUMOUR ? "child" : "generation", e->a);
		break;
	case HAPPENED_SECRETE:
		set_signal(o, e);
		break;
	case HAPPENED_CARRY:
		set_carried(o, e);
		break;
	case HAPPENED_ACCUSE:
	case HAPPENED_VOTE:
	case HAPPENED_CONDEMN:
		set_trial(o, e, cells);
		break;
	case HAPPENED_REFUSE:
		set_refusal(o, e);
		break;
	case HAPPENED_STRANGER:
		set_stranger(o, e);
		break;
	case HAPPENED_BAN:
	case HAPPENED_UNBAN:
	case HAPPENED_WIDEN:
	case HAPPENED_ALARM:
	case HAPPENED_CALM:
		set_immune(o, e);
		break;
	default:
		break;
	}
}

json_t *events_json(const struct event *e, const volatile struct cell *cells, double time)
{
	json_t *id = e->slot < CELL_SLOTS_MAX ? json_integer(e->id) : json_null();
	json_t *o = json_pack("{s:f, s:I, s:s, s:o, s:o, s:o}", "time", time, "seq", (json_int_t)e->seq, "event",
		event_name(e->kind), "slot", slot_json(e->slot), "id", id, "class", class_json(e->class));
	char text[256];

	events_write(e, cells, text, sizeof(text));
	set_rest(o, e, cells);
	json_object_set_new(o, "text", json_string(text));
	return o;
}
