/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests in a slot: blood and drones are killed at any step; each is answered once, and none runs a third time. */

/*
 * Two connections bring a request each and share one slot; only that of connection 0 may be repeated. With PIECES the
 * answers may come in two pieces, with UPLOAD the bodies do. States bear the names of the code. A step is one access to
 * what others see, or one system call; a kill takes effect at any KILL. What only blood uses stands in its process, but
 * a kill leaves it as it is there too, but for what is said to be private.
 *
 * Left out: the queue and the bells (queue.pml), the ticket (here the drone's id is enough, and a claim is one step),
 * files and the input. Sent bytes are counted in parts: `sent` in the record, `wire` in the kernel.
 *
 * Shown: every connection gets the one answer to its own request, its pieces in order, or one refusal after a death or
 * when its time is over; a request runs twice at most, and once if it may not be repeated; a dead drone that still wrote
 * would change nothing once its request was given away. No run goes on for ever, and where it ends all are answered and
 * the slot is free. BREAK_x leaves out one thing that the code does; each must be found (tests/model/run).
 */
#define CONNS  2
#define DRONES 2
#define NONE   15 /* no connection; no slot */
#ifndef DEATHS
#define DEATHS 2 /* in all: of blood, and of the first drone; the other lives */
#endif
#ifdef LONG
#define UPLOAD upload
#define PIECES true
#else
#define UPLOAD false
#define PIECES false
#endif
#define REPEATABLE(i) ((i) == 0) /* http_method_idempotent */

mtype:slot_state = { SLOT_FREE, SLOT_QUEUED, SLOT_TAKEN, SLOT_HUNGRY, SLOT_FED, SLOT_PIECE, SLOT_MORE, SLOT_DONE };
mtype:conn_phase = { CONN_FREE, CONN_READING, CONN_BODY, CONN_WANT_SLOT, CONN_ASKED, CONN_SENDING, CONN_CLOSING };
mtype:conn_out_kind = { OUT_NOTHING, OUT_REPLY, OUT_SLOT, OUT_BUFFER };

/* The slot. State and drone are one word: they change together. */
mtype:slot_state state = SLOT_FREE;
byte drone;
byte conn = NONE;
bool body_last;
byte parts, pieces;
byte made, whose; /* only the model has these: which piece of whose answer stands there */
bool done;

/* The family. */
byte id[DRONES];
bool lives[DRONES];
chan inbox = [DEATHS + 1] of { byte }; /* blood's: MSG_DEATH of a drone */

byte runs[CONNS]; /* drones that began with the request */

#define DEAD(drone_) (id[(drone_) % DRONES] != (drone_) || !lives[(drone_) % DRONES])
#define WORD(state_, drone_) d_step { state = state_; drone = drone_ }
#define KILL if :: kills > 0 -> kills--; goto dead :: true fi

/* ---- blood ---- */

typedef conn_record {
	mtype:conn_phase phase;
	bool slot; /* it names the slot */
	byte fed;  /* parts of the body put into the slot */
	byte pieces;
	mtype:conn_out_kind kind;
	byte piece;
	bool last;
	byte made, whose; /* as in the slot */
	byte base;
	byte sent;
};

inline slot_release()
{
	assert(!free); /* never twice */
	WORD(SLOT_FREE, 0);
	KILL;
	free = true
}

/* Moves the slot on for the drone that works on it. */
inline slot_return(to)
{
	state = to;
	KILL
}

inline slot_orphan()
{
	if
	:: state == SLOT_DONE || state == SLOT_FREE -> slot_release()
	:: atomic { state == SLOT_QUEUED -> state = SLOT_FREE }; KILL; slot_release()
	:: state != SLOT_DONE && state != SLOT_FREE && state != SLOT_QUEUED ->
		gone = true;
		KILL;
		/* slot_discard */
		if
		:: state == SLOT_PIECE -> slot_return(SLOT_MORE)
		:: state == SLOT_HUNGRY -> slot_return(SLOT_FED)
		:: else
		fi
	fi
}

inline slot_abandon(i)
{
	c[i].slot = false;
	KILL;
	slot_orphan()
}

inline blood_close(i)
{
	c[i].phase = CONN_CLOSING;
	KILL;
	if
	:: c[i].slot -> slot_abandon(i)
	:: else
	fi;
	answered[i] = true;
	KILL;
	c[i].phase = CONN_FREE
}

inline out_begin(i, kind_, piece_, made_, whose_, last_)
{
	/* conn_out_commit: all at once */
	d_step { c[i].kind = kind_; c[i].piece = piece_; c[i].made = made_; c[i].whose = whose_; c[i].last = last_; c[i].base = c[i].sent };
	KILL;
	c[i].phase = CONN_SENDING;
	KILL;
	ready[i] = true
}

/* The reply is in force before the slot is let go: else an adopter would not know that the request is over. */
inline blood_refuse(i)
{
#ifdef BREAK_REFUSE
	if
	:: c[i].slot -> slot_abandon(i)
	:: else
	fi;
#endif
	out_begin(i, OUT_REPLY, 0, 1, i, true);
	if
	:: c[i].slot -> slot_abandon(i)
	:: else
	fi
}

/* blood_send_more, send_on; part_done. The kernel has counted what is sent before the record does. */
inline send_on(i)
{
	if
	:: c[i].sent == c[i].base ->
		/* The client gets the next part of the answer to its own request, which is not whole yet. */
		assert(!answered[i] && c[i].whose == i && c[i].made == wire[i] + 1);
		d_step { wire[i]++; answered[i] = c[i].last };
		KILL;
		c[i].sent = wire[i];
		KILL
	:: else
	fi;
	if
	:: c[i].last ->
		/* part_free, answer_done */
		c[i].kind = OUT_NOTHING;
		KILL;
		if
		:: c[i].slot -> slot_release(); KILL; c[i].slot = false; KILL
		:: else
		fi;
		c[i].phase = CONN_READING
	:: else ->
		c[i].pieces = c[i].piece;
		KILL;
		c[i].phase = CONN_ASKED;
		KILL;
		slot_return(SLOT_MORE)
	fi
}

inline blood_ask(i)
{
	if
	:: !free -> c[i].phase = CONN_WANT_SLOT
	:: else ->
		free = false;
		c[i].slot = true;
		KILL;
		/* slot_fill; but for conn nobody looks at it before the slot is queued. */
		assert(state == SLOT_FREE);
		d_step { parts = 0; pieces = 0; made = 0; whose = 0; tries = false; gone = false };
		body_last = !(UPLOAD);
		c[i].fed = UPLOAD;
		conn = i;
		KILL;
		c[i].phase = (UPLOAD -> CONN_BODY : CONN_ASKED);
		KILL;
		WORD(SLOT_QUEUED, 0);
		KILL
	fi
}

inline slot_look()
{
	x = conn;
	if
	:: state != SLOT_DONE && state != SLOT_PIECE && state != SLOT_HUNGRY
	:: gone && state == SLOT_DONE -> slot_release()
	:: gone && state == SLOT_PIECE -> slot_return(SLOT_MORE)
	:: gone && state == SLOT_HUNGRY -> slot_return(SLOT_FED)
	:: else ->
		assert(x < CONNS && c[x].slot);
		if
		:: c[x].phase == CONN_SENDING
		:: c[x].phase != CONN_SENDING && state == SLOT_HUNGRY ->
			/* body_hand_on, slot_feed: here the part is the last */
			if
			:: c[x].fed == parts -> c[x].fed++
			:: else
			fi;
			KILL;
			body_last = true;
			slot_return(SLOT_FED);
			c[x].phase = CONN_ASKED
		:: else ->
			/* slot_answered; a piece may have been sent before its cell died */
			if
			:: state == SLOT_PIECE && pieces == c[x].pieces -> slot_return(SLOT_MORE)
			:: else -> out_begin(x, OUT_SLOT, pieces, made, whose, state == SLOT_DONE)
			fi
		fi
	fi;
	x = 0
}

#define MAY_REPEAT (state == SLOT_TAKEN && body_last && !parts && !tries && !c[x].pieces && REPEATABLE(x))

/* The slot's drone is dead. */
inline slot_bereaved()
{
	x = conn;
	if
	:: gone -> slot_release()
	:: !gone && state == SLOT_DONE -> done = true /* slot_look */
	:: else ->
		if
		:: !c[x].slot
		:: c[x].slot && MAY_REPEAT -> tries = true; KILL; WORD(SLOT_QUEUED, 0); KILL
		:: else ->
#ifdef BREAK_REFUSE
			c[x].slot = false;
			KILL;
			slot_release();
			KILL;
#endif
			if
			:: c[x].pieces || c[x].phase == CONN_SENDING -> blood_close(x)
			:: else -> assert(!MAY_REPEAT); blood_refuse(x)
			fi;
#ifndef BREAK_REFUSE
			/* It is marked as gone, and nobody works on it any more. */
			slot_release()
#endif
		fi
	fi;
	x = 0
}

#ifdef BREAK_WORD
#define IS_OF(who) (state != SLOT_QUEUED)
#else
#define IS_OF(who) (drone == who)
#endif

inline blood_requeue()
{
	if
	:: state != SLOT_FREE && IS_OF(of_dead) -> slot_bereaved()
	:: else
	fi;
	of_dead = 0
}

/* Released already, or never queued: asked for again. The phase first: without a slot it must not say CONN_ASKED. */
inline repair_slot(i)
{
	if
	:: c[i].slot && (state == SLOT_FREE || conn != i) ->
#ifdef BREAK_REPAIR
		c[i].slot = false;
		KILL;
#endif
		if
		:: c[i].phase == CONN_ASKED -> c[i].phase = CONN_WANT_SLOT
		:: else
		fi;
		KILL;
		c[i].slot = false;
		KILL
	:: else
	fi
}

inline repair(i)
{
	if
	:: c[i].phase == CONN_CLOSING ->
		answered[i] = true;
		KILL;
		if
		:: c[i].slot -> slot_abandon(i)
		:: else
		fi;
		KILL;
		c[i].phase = CONN_FREE
	:: else ->
		repair_slot(i);
		if
		:: c[i].slot && (c[i].phase == CONN_READING || (c[i].phase == CONN_SENDING && c[i].last && c[i].kind != OUT_SLOT)) ->
			slot_abandon(i)
		:: else
		fi;
#ifndef BREAK_CATCH_UP
		c[i].sent = wire[i]; /* conn_catch_up */
#endif
		ready[i] = (c[i].phase == CONN_SENDING)
	fi
}

inline blood_adopt()
{
	free = (state == SLOT_FREE);
	repair(0);
	repair(1);
	free = (state == SLOT_FREE);
#ifndef BREAK_ORPHAN
	/* adopt_orphans */
	if
	:: state != SLOT_FREE && !(conn < CONNS && c[conn].slot) -> slot_orphan()
	:: else
	fi;
#endif
	/* adopt_slots; the word of a queued slot belongs to the drones */
	of_dead = drone;
	if
#ifdef BREAK_ADOPT
	:: state == SLOT_QUEUED -> KILL; WORD(SLOT_QUEUED, 0)
#endif
	:: state != SLOT_FREE && state != SLOT_QUEUED && DEAD(of_dead) -> blood_requeue()
	:: else
	fi;
	of_dead = 0;
	KILL;
	done = true
}

#define ASKS(i)  (c[i].phase == CONN_READING && !answered[i] || c[i].phase == CONN_BODY && !c[i].slot || \
	c[i].phase == CONN_WANT_SLOT && free)
#define OPEN(i)  (c[i].phase != CONN_FREE && !answered[i])

/* For each connection what blood's turns do, in any order. */
#define CONNECTION(i)                                                                                                  \
	:: ASKS(i) -> blood_ask(i)                                                                                      \
	:: ready[i] -> ready[i] = false; if :: c[i].phase == CONN_SENDING -> send_on(i) :: else fi

proctype blood_live(byte kills, give_up; bool upload)
{
	conn_record c[CONNS];
	bool tries, gone;
	bool answered[CONNS]; /* the whole answer has come, or the connection is closed */
	byte wire[CONNS];
	bool free, ready[CONNS]; /* private, as are the next */
	byte of_dead, x;

	c[0].phase = CONN_READING;
#ifdef LONG
	answered[1] = true;
#else
	c[1].phase = CONN_READING;
#endif
adopt:
	blood_adopt();
	do
	CONNECTION(0)
	CONNECTION(1)
	:: len(inbox) -> inbox ? of_dead; blood_requeue()
	:: done -> done = false; KILL; slot_look()
	:: give_up > 0 -> give_up--;
		if
		:: OPEN(0) -> x = 0
		:: OPEN(1) -> x = 1
		:: else -> x = NONE
		fi;
		if
		:: x == NONE
		:: x < CONNS && c[x].phase != CONN_SENDING && !c[x].pieces -> blood_refuse(x) /* its time is over */
		:: x < CONNS -> blood_close(x) /* the client is gone */
		fi;
		x = 0
	:: kills > 0 -> kills--; goto dead
	:: timeout ->
		assert(answered[0] && answered[1] && !c[0].slot && !c[1].slot && state == SLOT_FREE);
		break
	od;
end_blood:
	false;
dead:
	atomic { free = false; ready[0] = false; ready[1] = false; of_dead = 0; x = 0 };
	/* The next one was a stem: of what it heard as such, nothing may be left. */
	do
	:: len(inbox) -> inbox ? _
	:: break
	od;
	goto adopt
}

/* ---- drones ---- */

/* synapse_answer: no drone moves a slot on that is not its own. */
inline synapse_answer(from, to)
{
	d_step {
		if
#ifdef BREAK_ANSWER
		:: true ->
#else
		:: drone == me && state == from ->
#endif
			state = to; whose = mine; made = piece
		:: else
		fi
	}
}

inline answer(from, to)
{
	synapse_answer(from, to);
	KILL;
	done = true
}

/* The gene answers in one piece or in two. */
inline express(from)
{
	piece = 1;
	if
	:: answer(from, SLOT_DONE)
:: PIECES -> pieces++; KILL; answer(from, SLOT_PIECE)
	fi
}

proctype drone_live(byte d; byte kills)
{
	byte me, mine = NONE, piece;

born:
	atomic { id[d] = id[d] + DRONES; me = id[d]; lives[d] = true };
	do
	:: atomic { state == SLOT_QUEUED -> state = SLOT_TAKEN; drone = me; mine = conn; runs[conn]++ }; /* synapse_claim */
		assert(runs[mine] <= (REPEATABLE(mine) -> 2 : 1));
		KILL;
		if
		:: body_last -> express(SLOT_TAKEN)
		:: else -> parts++; KILL; answer(SLOT_TAKEN, SLOT_HUNGRY)
		fi;
		KILL;
		mine = NONE
	:: drone == me && state == SLOT_FED ->
		mine = conn;
		parts++;
		KILL;
		express(SLOT_FED);
		KILL;
		mine = NONE
	:: drone == me && state == SLOT_MORE ->
		mine = conn;
		piece = made + 1;
		pieces++;
		KILL;
		answer(SLOT_MORE, SLOT_DONE);
		KILL;
		mine = NONE
	:: kills > 0 -> kills--; goto dead
	:: state == SLOT_FREE ->
end_drone:	state != SLOT_FREE
	od;
dead:
	atomic { lives[d] = false; inbox ! me };
	/* If it still wrote. */
	if
	:: mine != NONE && drone != me -> synapse_answer(SLOT_TAKEN, SLOT_DONE)
	:: true
	fi;
	d_step { mine = NONE; piece = 0 };
	goto born
}

init {
	byte deaths, first, give_up, upload;

	select (deaths : 0 .. DEATHS);
	select (first : 0 .. deaths);
#ifdef LONG
	select (give_up : 0 .. 1);
	select (upload : 0 .. 1);
#else
	if
	:: deaths < DEATHS -> give_up = 1
	:: true
	fi;
#endif
	atomic {
		id[1] = 1;
		run drone_live(0, first);
#ifndef LONG
		run drone_live(1, 0);
#endif
		run blood_live(deaths - first, give_up, upload)
	}
}
