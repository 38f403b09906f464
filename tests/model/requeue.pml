/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests in one vessel's slots: blood and drones are killed at any step; every request is answered once, none runs a third time. */

/*
 * Processes: the blood cell (after its death the next one, which adopts the vessel), the drones, and the world (kills and
 * clients that go away). States bear the names of the code. A step is one access to memory that others see, or one system
 * call; what is private to a process is lost with it.
 *
 * Each connection brings one request; where drones may choose, an answer has one part or two (PIECE, MORE). With UPLOAD
 * the body comes in two parts (HUNGRY, FED). Sent bytes are counted in parts: `sent` in the record, `wire` in the kernel.
 *
 * BREAK_x leaves out one thing that the code does, so that the check itself can be checked. CODE_x is the code's own way
 * where the model's differs from it.
 */
#ifndef CONNS
#define CONNS 2
#endif
#ifndef SLOTS
#define SLOTS 1
#endif
#ifndef DRONES
#define DRONES 2
#endif
#ifndef ORDER
#define ORDER 4
#endif
#ifndef KILL_DRONES
#define KILL_DRONES 1
#endif
#ifndef KILL_BLOOD
#define KILL_BLOOD 1
#endif
#ifndef GIVE_UP
#define GIVE_UP 0 /* requests whose time is over, or whose client goes away */
#endif
#define NOBODY 15

mtype:slot_state = { SLOT_FREE, SLOT_QUEUED, SLOT_TAKEN, SLOT_HUNGRY, SLOT_FED, SLOT_PIECE, SLOT_MORE, SLOT_DONE };
mtype:conn_phase = { CONN_FREE, CONN_READING, CONN_BODY, CONN_WANT_SLOT, CONN_ASKED, CONN_SENDING, CONN_CLOSING };
mtype:conn_out_kind = { OUT_NOTHING, OUT_REPLY, OUT_SLOT, OUT_BUFFER };

typedef slot_record {
	byte ticket; /* ticket, drone and state are one word: they change together */
	byte drone;
	mtype:slot_state state;
	byte conn;
	bool tries;
	bool gone;
	bool body_last;
	byte parts;
	byte pieces;
	byte made; /* a ghost: which part of the answer really stands there, 0: all of it in one */
};

typedef conn_record {
	bool fd;
	mtype:conn_phase phase;
	byte slot;
	byte pieces;
	bool stale;
	mtype:conn_out_kind kind;
	byte piece;
	byte made; /* a ghost, as in the slot */
	bool last;
	byte base;
	byte sent;
	byte fed; /* parts of the body put into the slot */
};

slot_record s[SLOTS];
conn_record c[CONNS];
bool done[SLOTS];
byte order[ORDER];
byte head, tail;
bool asleep_blood, bell_blood;
bool asleep[DRONES], nest[DRONES]; /* nest: the drone's bell was rung or a message came */
bool lives[DRONES];
byte id[DRONES];
chan inbox = [KILL_DRONES + 1] of { byte }; /* MSG_DEATH of drones, for blood */
bool killed_blood, killed[DRONES];
byte kill_blood = KILL_BLOOD, kill_drones = KILL_DRONES, give_up = GIVE_UP;

/* What only the world knows. */
byte wire[CONNS];     /* parts the kernel has taken */
byte got[CONNS];      /* pieces of the answer among them */
bool answered[CONNS]; /* the whole answer has come, or the connection is closed */
byte runs[CONNS];     /* drones that began with the request */
byte over[CONNS];     /* 1: its time is over, 2: the client is gone */

#define OVER(i) ((i) < CONNS && over[(i) % CONNS] && c[(i) % CONNS].fd && !answered[(i) % CONNS])
#define FRESH(i) ((i) < CONNS && c[(i) % CONNS].fd && c[(i) % CONNS].phase == CONN_READING && !answered[(i) % CONNS])
#define SLOT_OF(drone) ((drone) % DRONES)
#define DEAD(drone) (id[SLOT_OF(drone)] != (drone) || !lives[SLOT_OF(drone)])
#define MOVE(slot_, drone_, state_) d_step { s[slot_].drone = drone_; s[slot_].state = state_ }

/* ---- synapse.c ---- */

inline order_put(at)
{
	order[tail % ORDER] = at;
	tail++
}

inline synapse_queue(at)
{
	order[tail % ORDER] = at;
	MOVE(at, 0, SLOT_QUEUED);
	tail++
}

/* ---- blood ---- */

inline slot_return(at, to)
{
	s[at].state = to;
#ifndef BREAK_RETURN
	atomic {
		k = SLOT_OF(s[at].drone);
		if
		:: asleep[k] -> asleep[k] = false
		:: else -> k = NOBODY
		fi
	};
	atomic { if :: k != NOBODY -> nest[k] = true :: else fi; k = 0 }
#else
	skip
#endif
}

inline slot_release(at)
{
#ifdef CODE_RELEASE
	s[at].conn = NOBODY;
#endif
	d_step {
		assert(!free[at]); /* never twice */
#ifdef FINE
		s[at].ticket++;
#endif
		s[at].drone = 0;
		s[at].state = SLOT_FREE;
		/* What nobody reads any more; forgotten so that states are fewer. */
		s[at].conn = NOBODY; s[at].tries = false; s[at].gone = false; s[at].body_last = false;
		s[at].parts = 0; s[at].pieces = 0; s[at].made = 0;
		free[at] = true
	}
}

/* slot_discard: the client of a slot in this state is gone. */
inline slot_discard(at)
{
	if
	:: s[at].state == SLOT_DONE -> slot_release(at)
	:: s[at].state == SLOT_PIECE -> slot_return(at, SLOT_MORE)
	:: s[at].state == SLOT_HUNGRY -> slot_return(at, SLOT_FED)
	:: else
	fi
}

inline slot_orphan(at)
{
	if
	:: s[at].state == SLOT_DONE -> slot_release(at)
	:: s[at].state == SLOT_FREE -> if :: !free[at] -> slot_release(at) :: else fi
	:: d_step { s[at].state == SLOT_QUEUED -> s[at].state = SLOT_FREE; s[at].drone = 0 }; slot_release(at)
	:: d_step { s[at].state != SLOT_DONE && s[at].state != SLOT_FREE && s[at].state != SLOT_QUEUED -> s[at].gone = true };
		if
		:: s[at].state == SLOT_PIECE || s[at].state == SLOT_HUNGRY -> slot_discard(at)
		:: else
		fi
	fi
}

/* The record forgets its slot last: until then an adopter sees what is to be let go. */
inline slot_abandon(i)
{
	at = c[i].slot;
#ifdef CODE_ABANDON
	c[i].slot = NOBODY;
	slot_orphan(at)
#else
	slot_orphan(at);
	c[i].slot = NOBODY
#endif
}

/* A request that is over: what nobody reads any more. */
inline forget(i)
{
	c[i].pieces = 0; c[i].piece = 0; c[i].made = 0; c[i].last = false; c[i].base = 0; c[i].sent = 0; c[i].fed = 0;
	c[i].kind = OUT_NOTHING; wire[i] = 0; got[i] = 0; runs[i] = 0; over[i] = 0
}

/* part_done: all of the part is in the socket. */
inline part_done(i)
{
	if
	:: c[i].last ->
		c[i].kind = OUT_NOTHING;
		if
		:: c[i].slot != NOBODY -> at = c[i].slot; slot_release(at); c[i].slot = NOBODY
		:: else
		fi;
		d_step { c[i].phase = CONN_READING; forget(i) }
	:: !c[i].last ->
		c[i].pieces = c[i].piece;
		c[i].phase = CONN_ASKED;
		at = c[i].slot;
		slot_return(at, SLOT_MORE)
	fi
}

/* send_on: what is sent is counted by the kernel first. */
inline send_on(i)
{
	if
	:: c[i].sent == c[i].base ->
		d_step {
			/* The client takes a part: it must be the next, of an answer that is not whole yet. */
			assert(c[i].fd && !answered[i]);
			assert((c[i].made <= 1 && got[i] == 0) || c[i].made == got[i] + 1);
			got[i] = c[i].made;
			wire[i]++;
			answered[i] = c[i].last
		}
		c[i].sent = wire[i]
	:: else
	fi;
	part_done(i)
}

inline out_begin(i, kind_, piece_, made_, last_)
{
	d_step {
		c[i].kind = kind_;
		c[i].piece = piece_;
		c[i].made = made_;
		c[i].last = last_;
		c[i].base = c[i].sent
	};
	c[i].phase = CONN_SENDING
}

inline blood_close(i)
{
	c[i].phase = CONN_CLOSING;
	if
	:: c[i].slot != NOBODY -> slot_abandon(i)
	:: else
	fi;
	d_step { c[i].fd = false; c[i].phase = CONN_FREE; answered[i] = true; forget(i) }
}

/* blood_refuse: the reply is in force before the slot is let go, so that nobody asks a drone again. */
inline blood_refuse(i)
{
#ifdef CODE_ABANDON
	if
	:: c[i].slot != NOBODY -> slot_abandon(i)
	:: else
	fi;
	out_begin(i, OUT_REPLY, 0, 0, true);
#else
	out_begin(i, OUT_REPLY, 0, 0, true);
	if
	:: c[i].slot != NOBODY -> slot_abandon(i)
	:: else
	fi;
#endif
	send_on(i)
}

/* conn_ready, conn_catch_up. */
inline conn_ready(i)
{
	if
	:: c[i].stale -> d_step { c[i].stale = false; c[i].sent = wire[i] }
	:: else
	fi
}

inline conn_end(i)
{
	if
	:: over[i] == 1 && (c[i].phase == CONN_ASKED || c[i].phase == CONN_WANT_SLOT || c[i].phase == CONN_BODY) && !c[i].pieces ->
		blood_refuse(i)
	:: else -> blood_close(i)
	fi
}

/* blood_ask. */
inline blood_ask(i)
{
	if
	:: !free[0] && (SLOTS == 1 || !free[SLOTS - 1]) -> c[i].phase = CONN_WANT_SLOT
	:: else ->
		atomic {
			at = (free[0] -> 0 : SLOTS - 1);
			free[at] = false;
			c[i].slot = at
		};
		atomic {
			assert(s[at].state == SLOT_FREE);
			s[at].conn = i;
			s[at].tries = false;
			s[at].gone = false;
			s[at].parts = 0;
			s[at].pieces = 0;
#ifdef UPLOAD
			s[at].body_last = false;
			c[i].fed = 1;
#else
			s[at].body_last = true;
#endif
		};
#ifdef UPLOAD
		c[i].phase = CONN_BODY;
#else
		c[i].phase = CONN_ASKED;
#endif
		synapse_queue(at);
		rung++
	fi
}

/* slot_repeat. */
inline slot_repeat(i, at_)
{
	s[at_].tries = true;
	synapse_queue(at_);
	rung++
}

/* slot_answered. */
inline slot_answered(i, at_)
{
	if
	:: s[at_].state == SLOT_PIECE && s[at_].pieces == c[i].pieces -> slot_return(at_, SLOT_MORE)
	:: else ->
		out_begin(i, OUT_SLOT, s[at_].pieces, s[at_].made, s[at_].state == SLOT_DONE);
#ifdef SLOW
		if
		:: c[i].last && s[at_].pieces == 0 ->
			/* free_the_slot: a slow client's answer moves to a buffer. */
			c[i].kind = OUT_BUFFER;
			slot_release(at_);
			c[i].slot = NOBODY
		:: true
		fi;
#endif
		send_on(i)
	fi
}

/* body_hand_on: the last part of the body. */
inline body_hand_on(i, at_)
{
	if
	:: c[i].fed == s[at_].parts -> c[i].fed++
	:: else
	fi;
	s[at_].body_last = true;
	slot_return(at_, SLOT_FED);
	c[i].phase = CONN_ASKED
}

/* slot_look. */
inline slot_look(at_)
{
	if
	:: s[at_].state != SLOT_DONE && s[at_].state != SLOT_PIECE && s[at_].state != SLOT_HUNGRY -> skip
	:: else ->
		if
		:: s[at_].gone -> slot_discard(at_)
		:: else ->
			atomic {
				x = s[at_].conn;
				assert(x < CONNS && c[x].slot == at_ && c[x].fd);
				conn_ready(x)
			};
			if
			:: c[x].phase == CONN_SENDING
			:: c[x].phase != CONN_SENDING && s[at_].state == SLOT_HUNGRY -> body_hand_on(x, at_)
			:: c[x].phase != CONN_SENDING && s[at_].state != SLOT_HUNGRY -> slot_answered(x, at_)
			fi
		fi
	fi;
	x = 0
}

/* slot_bereaved. */
inline slot_bereaved(at_)
{
	if
	:: s[at_].gone -> slot_release(at_)
	:: !s[at_].gone && s[at_].state == SLOT_DONE -> slot_look(at_)
	:: else ->
		atomic { x = s[at_].conn; conn_ready(x) };
		if
		:: c[x].slot != at_ -> skip
		:: c[x].slot == at_ && s[at_].state == SLOT_TAKEN && s[at_].body_last && !s[at_].parts && !s[at_].tries && !c[x].pieces ->
			slot_repeat(x, at_)
		:: else ->
#ifdef CODE_ABANDON
			c[x].slot = NOBODY;
			slot_release(at_);
#endif
			if
			:: c[x].pieces || c[x].phase == CONN_SENDING -> blood_close(x)
			:: else -> blood_refuse(x)
			fi;
#ifndef CODE_ABANDON
			/* It is marked as gone now, and nobody works on it. */
			slot_release(at_);
#endif
		fi
	fi;
	x = 0
}

/* blood_requeue. */
inline blood_requeue()
{
	do
	:: atomic { r < SLOTS && (s[r].state == SLOT_FREE || s[r].drone != dead) -> r++ }
	:: r < SLOTS && s[r].state != SLOT_FREE && s[r].drone == dead -> slot_bereaved(r); r++
	:: atomic { r == SLOTS -> r = 0; break }
	od;
#ifndef BREAK_WAKE
	atomic {
		if
		:: head != tail -> rung = DRONES
		:: else
		fi
	}
#endif
}

/* blood_ring_drones. */
inline ring_drones()
{
	do
	:: atomic { k < DRONES && rung > 0 && !(asleep[k] && lives[k]) -> k++ }
	:: atomic { k < DRONES && rung > 0 && asleep[k] && lives[k] -> asleep[k] = false }; atomic { nest[k] = true; rung--; k++ }
	:: atomic { k == DRONES || rung == 0 -> k = 0; rung = 0; break }
	od
}

inline slots_init()
{
	d_step {
		k = 0;
		do
		:: k < SLOTS -> free[k] = (s[k].state == SLOT_FREE); k++
		:: else -> break
		od;
		k = 0
	}
}

/* repair_slot: released already, or never queued. */
inline repair_slot(i)
{
	if
	:: c[i].slot != NOBODY && (s[c[i].slot].state == SLOT_FREE || s[c[i].slot].conn != i) ->
#ifdef CODE_REPAIR
		c[i].slot = NOBODY;
#endif
		atomic {
			if
			:: c[i].phase == CONN_ASKED || c[i].phase == CONN_BODY -> c[i].phase = CONN_WANT_SLOT; c[i].fed = 0
			:: else
			fi
		};
		c[i].slot = NOBODY
	:: else
	fi
}

inline adopt_record(i)
{
	if
	:: c[i].phase == CONN_CLOSING ->
#ifdef CODE_RECORD
		/* repair_all: the descriptor is forgotten before the slot. */
		d_step { c[i].fd = false; answered[i] = true };
		if
		:: c[i].slot != NOBODY -> slot_abandon(i)
		:: else
		fi;
		c[i].phase = CONN_FREE
#else
		repair_slot(i);
		blood_close(i)
#endif
	:: else ->
		repair_slot(i);
		if
		:: c[i].phase == CONN_READING && c[i].slot != NOBODY -> slot_abandon(i)
		:: c[i].phase == CONN_SENDING && c[i].slot != NOBODY && c[i].last && c[i].kind != OUT_SLOT -> slot_abandon(i)
		:: else
		fi;
		atomic { c[i].stale = true; ready[i] = (c[i].phase == CONN_SENDING) }
	fi
}

/* adopt_slots. */
inline adopt_slot(at_)
{
	if
	:: s[at_].state == SLOT_QUEUED ->
#ifdef BREAK_ADOPT_QUEUE
		skip;
#else
#ifdef CODE_ADOPT_QUEUE
		synapse_queue(at_);
#else
		order_put(at_); /* its word belongs to the drones */
#endif
		rung++;
#endif
		done[at_] = true
	:: else ->
		atomic { if :: DEAD(s[at_].drone) -> dead = s[at_].drone :: else fi };
		if
		:: dead -> blood_requeue()
		:: else
		fi;
		atomic { dead = 0; done[at_] = true }
	fi
}

inline blood_adopt()
{
	slots_init();
	do
	:: atomic { q < CONNS && !c[q].fd -> q++ }
	:: q < CONNS && c[q].fd -> adopt_record(q); q++
	:: atomic { q == CONNS -> q = 0; break }
	od;
	slots_init();
	do
	:: atomic { q < SLOTS && s[q].state == SLOT_FREE -> q++ }
	:: q < SLOTS && s[q].state != SLOT_FREE -> adopt_slot(q); q++
	:: atomic { q == SLOTS -> q = 0; break }
	od
}

#define WAITS(i) ((i) < CONNS && c[(i) % CONNS].phase == CONN_WANT_SLOT && (free[0] || free[SLOTS - 1]))
#define READY(i) ((i) < CONNS && ready[(i) % CONNS])

/* Of blood_turn: what is done for one connection, in any order. */
#define CONNECTION(i)                                                                                                 \
	:: OVER(i) -> conn_ready(i); conn_end(i)                                                                        \
	:: FRESH(i) || WAITS(i) -> conn_ready(i); blood_ask(i)                                                         \
	:: READY(i) ->                                                                                                 \
		ready[i] = false;                                                                                       \
		if                                                                                                      \
		:: c[i].fd && c[i].phase == CONN_SENDING -> conn_ready(i); send_on(i)                                   \
		:: else                                                                                                 \
		fi

inline blood_collect()
{
	do
	:: atomic { q < SLOTS && !done[q] -> q++ }
	:: atomic { q < SLOTS && done[q] -> done[q] = false }; slot_look(q); q++
	:: atomic { q == SLOTS -> q = 0; break }
	od
}

/* A kill takes effect at once: nothing else moves before. The first drone is process 1. */
proctype blood_live() provided (!killed[0])
{
	byte at, q, k, r, x, dead, rung;
	bool free[SLOTS], ready[CONNS];

adopt:
	{
		blood_adopt();
		do
		CONNECTION(0)
#if CONNS > 1
		CONNECTION(1)
#endif
#if CONNS > 2
		CONNECTION(2)
#endif
		:: inbox ? dead -> blood_requeue(); dead = 0
		:: done[0] || done[SLOTS - 1] -> blood_collect()
		:: rung -> ring_drones()
		:: !rung && !FRESH(0) && !FRESH(1) && !FRESH(2) && !WAITS(0) && !WAITS(1) && !WAITS(2) && !READY(0) && !READY(1) &&
				!READY(2) ->
			asleep_blood = true;
			if
#ifndef BREAK_BLOOD_LOOK
			:: done[0] || done[SLOTS - 1]
#endif
			:: else ->
end_blood:			bell_blood || nempty(inbox) || OVER(0) || OVER(1) || OVER(2)
			fi;
			asleep_blood = false;
			bell_blood = false
		od
	} unless { killed_blood };
	/* The next one: of what a stem's inbox held, nothing may be left. */
	atomic {
		killed_blood = false;
		at = 0; q = 0; k = 0; r = 0; x = 0; dead = 0; rung = 0;
		free[0] = false;
		ready[0] = false;
		ready[CONNS - 1] = false;
		ready[CONNS / 2] = false;
		free[SLOTS - 1] = false;
		if
		:: nempty(inbox) -> inbox ? _
		:: true
		fi
	};
	/* Drones hear of the death too. */
	atomic {
		do
		:: k < DRONES -> nest[k] = (nest[k] || lives[k]); k++
		:: else -> break
		od;
		k = 0
	};
	goto adopt
}

/* ---- drones ---- */

/* synapse_answer; the bell is rung a little later. */
inline answer(at_, to)
{
	atomic {
		/* What it writes into the slot's data must not meet another's. */
		assert(s[at_].drone == me && (s[at_].state == SLOT_TAKEN || s[at_].state == SLOT_MORE || s[at_].state == SLOT_FED));
		s[at_].pieces = s[at_].pieces + (to == SLOT_PIECE || s[at_].state == SLOT_MORE);
		if
		:: s[at_].state == SLOT_MORE -> s[at_].made++
		:: else -> s[at_].made = (to == SLOT_PIECE)
		fi;
		if
		:: s[at_].state == SLOT_FED -> s[at_].parts++
		:: else
		fi
	};
	atomic {
		assert(s[at_].drone == me);
		s[at_].state = to;
		parked[at_] = (to != SLOT_DONE)
	};
	atomic { done[at_] = true; owed = true }
}

inline drone_ring()
{
	atomic {
		if
		:: owed && asleep_blood -> asleep_blood = false
		:: else -> owed = false
		fi
	};
	atomic { if :: owed -> bell_blood = true; owed = false :: else fi }
}

/* synapse_claim. */
inline claim(at_)
{
#ifdef FINE
	atomic {
		if
		:: s[at_].state == SLOT_QUEUED -> t = s[at_].ticket
		:: else -> t = NOBODY
		fi
	};
#endif
	atomic {
#ifndef FINE
		t = s[at_].ticket;
#endif
		if
		:: t != NOBODY && s[at_].state == SLOT_QUEUED && s[at_].ticket == t -> s[at_].state = SLOT_TAKEN; s[at_].drone = me; mine = true
		:: else
		fi;
		t = 0
	}
}

inline claim_any()
{
	n = 0;
	do
	:: n < SLOTS && !mine ->
		claim(n);
		atomic { if :: !mine -> n++ :: else fi }
	:: else -> break
	od
}

/* synapse_take. */
inline take()
{
#ifdef FINE
	h = head;
	e = tail;
#else
	atomic { h = head; e = tail };
#endif
	if
	:: e - h > ORDER ->
		/* synapse_take_any */
		claim_any();
		atomic { if :: !mine && head == h -> head = e :: else fi }
	:: else ->
		do
		:: atomic { h != e && !mine -> n = order[h % ORDER] };
#ifdef CODE_ORDER
			claim(n);
#else
			/* The entry may have been written over while it was read: then any slot may be the one that waits. */
			if
			:: tail - h < ORDER -> claim(n)
			:: else -> claim_any()
			fi;
#endif
			atomic { if :: head == h -> head = h + 1 :: else fi; h++ }
		:: atomic { h == e || mine -> break }
		od
	fi
}

/* To keep the model small, only the first connection's answer may come in pieces, with SHORT none. */
#ifdef SHORT
#define MAY_PIECE(at_) false
#else
#define MAY_PIECE(at_) (s[at_].conn == 0)
#endif

/* begin: the request is the gene's, which answers in one part or in several. */
inline begin(at_)
{
	atomic {
		x = s[at_].conn;
		assert(x < CONNS);
		runs[x]++;
		assert(runs[x] <= 2);
		x = 0
	};
	if
	:: !s[at_].body_last -> s[at_].parts++; answer(at_, SLOT_HUNGRY)
	:: s[at_].body_last -> answer(at_, SLOT_DONE)
	:: s[at_].body_last && MAY_PIECE(at_) -> answer(at_, SLOT_PIECE)
	fi
}

#define HELD(n)  (parked[n] && (s[n].state == SLOT_MORE || s[n].state == SLOT_FED))
#define ASLEEP   (head == tail && !HELD(0) && !HELD(SLOTS - 1))

proctype drone_live(byte d) provided (!killed_blood && (!killed[0] || _pid == 1))
{
	byte me, h, e, n, t, x;
	bool mine, owed, parked[SLOTS];

born:
	atomic {
		me = id[d] + DRONES;
		id[d] = me;
		lives[d] = true;
		asleep[d] = false;
		nest[d] = false
	};
	{
		do
		:: HELD(0) -> answer(0, SLOT_DONE)
#if SLOTS > 1
		:: HELD(1) -> answer(1, SLOT_DONE)
#endif
		:: !HELD(0) && !HELD(SLOTS - 1) ->
			take();
			if
			:: mine ->
				if
				:: owed -> drone_ring()
				:: true
				fi;
				begin(n)
			:: else ->
				if
				:: owed -> drone_ring()
				:: else
				fi;
				asleep[d] = true;
				if
#ifndef BREAK_DRONE_LOOK
				:: !ASLEEP
#endif
				:: else ->
end_drone:				atomic { nest[d] -> nest[d] = false }
				fi;
				asleep[d] = false
			fi;
			atomic { n = 0; h = 0; e = 0; mine = false }
		od
	} unless { killed[d] };
#ifdef FINE
	lives[d] = false;
#endif
	atomic {
		lives[d] = false;
		killed[d] = false;
		h = 0; e = 0; n = 0; t = 0; x = 0; mine = false; owed = false;
		parked[0] = false;
		parked[SLOTS - 1] = false;
#ifndef BREAK_WAKE
		do
		:: n < DRONES -> nest[n] = (nest[n] || lives[n]); n++
		:: else -> break
		od;
		n = 0;
#endif
#ifndef BREAK_HEAR
		inbox ! me
#endif
	};
	/* The slot gets another tenant, or stays empty while another drone is left. */
	if
	:: goto born
	:: DRONES > 1 && lives[(d + 1) % DRONES] && !killed[(d + 1) % DRONES] && kill_drones == 0 ->
end_dead:	false
	fi
}

#define REST(i) ((i) >= CONNS || answered[(i) % CONNS])

/* Whoever kills, and clients that lose patience; any of them may stop. When nothing moves, all must be answered, all slots free. */
proctype world() provided (!killed_blood && !killed[0])
{
	do
	:: atomic { kill_blood > 0 && !killed_blood -> kill_blood--; killed_blood = true }
	:: atomic { /* drones are alike: the first stands for all */ kill_drones > 0 && lives[0] && !killed[0] -> kill_drones--; killed[0] = true }
	:: atomic { give_up > 0 && !answered[0] -> give_up--; if :: over[0] = 1 :: over[0] = 2 fi }
	:: atomic { give_up > 0 && !answered[CONNS - 1] -> give_up--; if :: over[CONNS - 1] = 1 :: over[CONNS - 1] = 2 fi }
	:: atomic { kill_drones + kill_blood + give_up > 0 -> kill_drones = 0; kill_blood = 0; give_up = 0 }
	:: timeout ->
		assert(REST(0) && REST(1) && REST(2));
		assert(s[0].state == SLOT_FREE && s[SLOTS - 1].state == SLOT_FREE);
		break
	od
}

init {
	atomic {
		byte i;
		do
		:: i < SLOTS -> s[i].state = SLOT_FREE; s[i].conn = NOBODY; i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < CONNS -> c[i].fd = true; c[i].phase = CONN_READING; c[i].slot = NOBODY; c[i].kind = OUT_NOTHING; i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < DRONES -> id[i] = i; run drone_live(i); i++
		:: else -> break
		od;
		run blood_live();
		run world()
	}
}

#ifdef LIVE
ltl answer_all { <> (REST(0) && REST(1) && REST(2)) }
#endif
