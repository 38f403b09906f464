/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The queue of a synapse and its doorbells: no queued slot is forgotten, and nobody sleeps over work, whoever is killed. */

/*
 * One blood cell (after its death the next one, which adopts the vessel), drones, a few slots, and an order that is soon
 * written over. Names are the code's. A step is one access to memory that others see, or one system call; a kill takes
 * effect at any KILL. What becomes of a connection is in requeue.pml.
 *
 * Shown: no run goes on for ever, and where it ends every slot is free again and every request was answered or withdrawn.
 * BREAK_x leaves out one thing that the code does; each must be found (tests/model/run).
 */
#ifdef CROWD
/* Clients that come and go before their requests are taken: the order is written over while a drone reads it. */
#define SLOTS      2
#define DRONES     1
#define ORDER      3
#define REQUESTS   4
#define VICTIMS    0
#else
#define SLOTS      1
#define DRONES     2
#define ORDER      4 /* as in the code, more than slots */
#define REQUESTS   2 /* but one when somebody is killed */
#define VICTIMS    2 /* 1: the first drone is killed once; 2: blood is */
#endif
#define NONE 7

mtype:slot_state = { SLOT_FREE, SLOT_QUEUED, SLOT_TAKEN, SLOT_DONE };

mtype:slot_state state[SLOTS];
byte drone[SLOTS];
bool done[SLOTS];
byte order[ORDER];
byte head, tail;
bool asleep_blood, bell_blood;
bool asleep[DRONES], bell[DRONES]; /* the bell was rung, or a message came: the nest */
byte id[DRONES];
bool lives[DRONES];
chan inbox = [1] of { byte }; /* blood's: MSG_DEATH of a drone */

#define DEAD(drone_) (id[(drone_) % DRONES] != (drone_) || !lives[(drone_) % DRONES])
#define KILL if :: kills > 0 -> kills--; goto dead :: true fi

/* ---- blood ---- */

inline synapse_enlist(at)
{
	order[tail % ORDER] = at;
	KILL;
	tail++;
	KILL;
	rung++
}

inline synapse_queue(at)
{
	atomic { state[at] = SLOT_QUEUED; drone[at] = 0 };
	KILL;
	synapse_enlist(at)
}

/* blood_requeue: the slots of a dead drone. */
inline blood_requeue()
{
	q = 0;
	do
	:: q < SLOTS ->
		if
		:: state[q] == SLOT_TAKEN && drone[q] == gone -> synapse_queue(q)
		:: state[q] == SLOT_DONE && drone[q] == gone -> done[q] = true /* slot_look */
		:: else
		fi;
		q++
	:: else -> break
	od;
	q = 0; gone = 0;
#ifndef BREAK_WAKE
	/* Its bell may have been the one that was rung for what still waits. */
	if
	:: head != tail -> rung = DRONES
	:: else
	fi
#endif
}

inline blood_ring_drones()
{
	k = 0;
	do
	:: k < DRONES && rung ->
		if
		:: atomic { asleep[k] && lives[k] -> asleep[k] = false }; KILL; bell[k] = true; rung--
		:: else
		fi;
		k++
	:: else -> break
	od;
	k = 0; rung = 0
}

/* blood_collect, slot_look, slot_release */
inline collect(at)
{
	atomic { done[at] = false; if :: state[at] == SLOT_DONE -> state[at] = SLOT_FREE :: else fi };
	KILL
}

/* adopt_slots */
inline adopt(at)
{
	if
	:: state[at] == SLOT_QUEUED ->
#ifndef BREAK_ADOPT
		synapse_enlist(at)
#endif
	:: state[at] == SLOT_TAKEN && DEAD(drone[at]) -> synapse_queue(at)
	:: else
	fi;
	KILL;
	done[at] = true
}

#define FREE(i) (state[i] == SLOT_FREE)
#define DONE    (done[0] || done[SLOTS - 1]) /* anything_done */
#define NEWS    (len(inbox) || requests && (FREE(0) || FREE(SLOTS - 1)))

proctype blood_live(byte requests, kills)
{
	byte gone, q, k, rung;

born:
	adopt(0);
#if SLOTS > 1
	adopt(1);
#endif
	do
	:: requests && FREE(0) -> requests--; synapse_queue(0)
#ifdef CROWD
	:: requests && FREE(1) -> requests--; synapse_queue(1)
	/* slot_orphan: its client is gone */
	:: atomic { state[1] == SLOT_QUEUED -> state[1] = SLOT_FREE }
#endif
	:: done[0] -> collect(0)
#if SLOTS > 1
	:: done[1] -> collect(1)
#endif
	:: len(inbox) -> inbox ? gone; blood_requeue()
	:: rung -> blood_ring_drones()
	:: !rung && !DONE && !NEWS ->
		asleep_blood = true;
		if
#ifndef BREAK_BLOOD_LOOK
		:: DONE
#endif
		:: else ->
			if
			:: bell_blood || NEWS
			:: kills > 0 -> kills--; goto dead
			:: timeout -> assert(!requests && FREE(0) && FREE(SLOTS - 1)); goto over
			fi
		fi;
		atomic { asleep_blood = false; bell_blood = false }
	od;
dead:
	/* The next one was a stem: of what it heard as such, nothing may be left. All others hear of the death. */
	atomic {
		asleep_blood = false; gone = 0; q = 0; k = 0; rung = 0;
		do
		:: len(inbox) -> inbox ? _
		:: break
		od;
		bell[0] = true;
		bell[DRONES - 1] = true
	};
	goto born;
over:
	skip
}

/* ---- drones ---- */

inline synapse_claim(at)
{
	atomic {
		if
		:: state[at] == SLOT_QUEUED -> state[at] = SLOT_TAKEN; drone[at] = me; mine = at
		:: else
		fi
	}
}

/* More was queued than order holds: any slot that waits; when none does, whatever was queued before e is over. */
inline synapse_take_any()
{
	h = head;
	e = tail;
	synapse_claim(0);
	if
	:: mine == NONE -> synapse_claim(SLOTS - 1)
	:: else
	fi;
	if
	:: mine == NONE -> atomic { if :: head == h -> head = e :: else fi }
	:: else
	fi
}

inline synapse_take()
{
	h = head;
#ifdef BREAK_ORDER
	e = tail;
	if
	:: e - h > ORDER -> synapse_take_any(); h = e
	:: else
	fi;
#endif
	do
#ifdef BREAK_ORDER
	:: mine == NONE && h != e ->
		n = order[h % ORDER];
#else
	:: mine == NONE && h != tail ->
		n = order[h % ORDER];
		if
		:: tail - h >= ORDER -> synapse_take_any(); break /* it may be written over */
		:: else
		fi;
#endif
		synapse_claim(n);
		KILL;
		atomic { if :: head == h -> head = h + 1 :: else fi };
		h++
	:: else -> break
	od;
	h = 0; e = 0; n = 0
}

/* drone_ring: once for all that was answered. */
inline drone_ring()
{
	if
	:: atomic { owed && asleep_blood -> asleep_blood = false }; KILL; bell_blood = true
	:: else
	fi;
	owed = false
}

proctype drone_live(byte d, kills)
{
	byte me, h, e, n, mine = NONE;
	bool owed;

born:
	atomic { id[d] = id[d] + DRONES; me = id[d]; lives[d] = true; asleep[d] = false; bell[d] = false };
	do
	:: synapse_take();
		KILL;
		if
		:: mine != NONE ->
			/* synapse_answer */
			state[mine] = SLOT_DONE;
			KILL;
			done[mine] = true;
			KILL;
			mine = NONE;
			owed = true
		:: else ->
			drone_ring();
			KILL;
			asleep[d] = true;
			KILL;
			if
#ifndef BREAK_DRONE_LOOK
			:: head != tail
#endif
			:: else ->
end_drone:			if
				:: kills > 0 -> kills--; goto dead
				:: bell[d]
				fi
			fi;
			atomic { bell[d] = false; asleep[d] = false }
		fi
	od;
dead:
	/* lineage_bury: all others hear of it. */
	atomic {
		lives[d] = false;
		inbox ! me;
#ifndef BREAK_WAKE
		bell[0] = true;
		bell[DRONES - 1] = true;
#endif
		h = 0; e = 0; n = 0; mine = NONE; owed = false
	};
	/* As many as there must be are left, or another is born. */
	if
	:: DRONES > 1 ->
end_dead:	false
	:: goto born
	fi
}

init {
	byte victim;

	select (victim : 0 .. VICTIMS);
	atomic {
		state[0] = SLOT_FREE;
		state[SLOTS - 1] = SLOT_FREE;
		run drone_live(0, victim == 1);
#if DRONES > 1
		id[1] = 1;
		run drone_live(1, 0);
#endif
		run blood_live((victim -> 1 : REQUESTS), victim == 2)
	}
}
