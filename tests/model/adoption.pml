/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Adoption of vessels: cells are born, differentiate, take vessels and are killed at any step; never two owners, never none for ever. */

/*
 * One process for each family record; its states and classes bear the names of the code. A step is one access to what
 * others see too: a look at the census, a compare-and-swap of a gland program, a message. A gland program runs to its end
 * once it has begun, as the kernel's do: a kill takes effect before or after it, never inside.
 *
 * Assumed: of the cells that share the descriptors (neuron, blood, stems) one at least stays alive.
 *
 * BREAK_x leaves out one thing that the code does, so that the check itself can be checked. CODE_x is the code's own way
 * where the model's differs from it.
 */
#ifndef CELLS
#define CELLS 6 /* family records */
#endif
#ifndef VESSELS
#define VESSELS 2 /* as many as blood may have cells */
#endif
#ifndef DRONE_MIN
#define DRONE_MIN 0
#endif
#ifndef STEM_MIN
#define STEM_MIN 1
#endif
#ifndef KILLS
#define KILLS 2
#endif
#ifndef CLONE_FAILS
#define CLONE_FAILS 1 /* divisions that the system has no room for */
#endif

#define NOBODY   7
#define SLOT(id) ((id) & 7)
#define STEM_MAX (STEM_MIN + 2)

mtype:cell_state = { CELL_FREE, CELL_LICENSED, CELL_LIVING, CELL_DEAD };
mtype:cell_class = { CLASS_NONE, CLASS_NEURON, CLASS_BLOOD, CLASS_DRONE, CLASS_STEM };
mtype:gland_answer = { GLAND_OK, GLAND_STALE, GLAND_FULL, GLAND_CLASS, GLAND_PENDING, GLAND_OWNED };
mtype:fate_act = { FATE_WAIT, FATE_BECOME, FATE_DIVIDE };

typedef cell {
	mtype:cell_state state;
	mtype:cell_class class;
	byte id; /* serial << 3 | slot, never used again */
	byte licence;
};

cell c[CELLS];
byte living[6]; /* census, by class */
byte owner[VESSELS];
byte serial;
bool mail[CELLS];   /* the inbox holds something */
bool killed[CELLS]; /* SIGKILL is on its way */
bool gland[CELLS];  /* in a gland program */
bool away[CELLS];   /* a stem that has made up its mind to be a drone: it can grow nobody any more */
byte serves[CELLS]; /* vessel + 1 that the cell itself believes to serve; a ghost: the code has no such thing */
byte kills = KILLS;
byte clone_fails = CLONE_FAILS;
#ifdef HOSTILE
byte lies = 1;
#endif

#define IS(i, what)   ((i) < CELLS && c[(i) % CELLS].state == CELL_LIVING && c[(i) % CELLS].class == what)
#define OWNED_BY(i)   (c[SLOT(i)].state == CELL_LIVING && c[SLOT(i)].id == (i))
#define BEARER(j, i)  ((j) < CELLS && (j) != (i) && c[(j) % CELLS].state == CELL_LIVING && !killed[(j) % CELLS] && \
		       !away[(j) % CELLS] && c[(j) % CELLS].class != CLASS_DRONE)
#define BEARER_BUT(i) (BEARER(0, i) || BEARER(1, i) || BEARER(2, i) || BEARER(3, i) || BEARER(4, i) || BEARER(5, i))
#if VESSELS == 2
#define SERVED (owner[0] && OWNED_BY(owner[0]) && owner[1] && OWNED_BY(owner[1]))
#else
#define SERVED (owner[0] && OWNED_BY(owner[0]))
#endif
#define SOME(what) (IS(0, what) || IS(1, what) || IS(2, what) || IS(3, what) || IS(4, what) || IS(5, what))
#define WHOLE (SERVED && SOME(CLASS_NEURON) && SOME(CLASS_STEM) && (DRONE_MIN == 0 || SOME(CLASS_DRONE)))

/* family_announce: into the inbox of every other living cell. */
inline announce(about)
{
	d_step {
		k = 0;
		do
		:: k < CELLS ->
			if
			:: c[k].state == CELL_LIVING && k != about -> mail[k] = true
			:: else
			fi;
			k++
		:: else -> break
		od;
		k = 0
	}
}

/* gland_count_in: the number the caller saw, below the maximum. */
inline count_in(what, saw, max)
{
	if
	:: living[what] != saw -> said = GLAND_STALE
	:: living[what] == saw && saw >= (max) -> said = GLAND_FULL
	:: else -> living[what]++; said = GLAND_OK
	fi
}

/* lineage_bury. */
inline bury()
{
	d_step {
		was = c[me].licence;
		cls = c[me].class;
		serves[me] = 0;
		killed[me] = false;
		away[me] = false;
		c[me].licence = NOBODY;
		c[me].state = CELL_DEAD
	}
	d_step {
		living[cls]--;
		if
		:: was != NOBODY && c[was].state == CELL_LICENSED -> c[was].state = CELL_FREE; living[c[was].class]--
		:: else
		fi;
		was = 0; cls = 0
	}
#ifndef BREAK_ANNOUNCE
	announce(me)
#endif
}

/* cell_divide: a licence (a new one, or the one still held), then clone3 with what lineage_fork does. said: GLAND_OK or why not. */
inline divide(saw)
{
	d_step {
		gland[me] = true;
		if
		:: c[me].licence != NOBODY -> said = GLAND_PENDING
		:: c[me].licence == NOBODY && c[me].class == CLASS_NEURON && living[CLASS_STEM] -> said = GLAND_CLASS
		:: c[me].licence == NOBODY && c[me].class == CLASS_BLOOD && (living[CLASS_STEM] || living[CLASS_NEURON]) ->
			said = GLAND_CLASS
		:: else -> count_in(CLASS_STEM, saw, STEM_MAX)
		fi
	}
	if
	:: said == GLAND_OK ->
		/* gland_take_slot, gland_license */
		d_step {
			k = 0;
			do
			:: k < CELLS && c[k].state != CELL_FREE && c[k].state != CELL_DEAD -> k++
			:: else -> break
			od;
			assert(k < CELLS);
			c[k].state = CELL_LICENSED;
			serial++;
			c[k].id = serial << 3 | k;
			c[k].class = CLASS_STEM;
			c[me].licence = k;
			k = 0;
			gland[me] = false
		}
	:: else -> gland[me] = false
	fi;
	if
	:: atomic { (said == GLAND_OK || said == GLAND_PENDING) && clone_fails > 0 -> clone_fails-- };
#ifndef CODE_LICENCE
		/* A licence that could not be used is given back. */
		d_step {
			c[c[me].licence].state = CELL_FREE;
			living[CLASS_STEM]--;
			c[me].licence = NOBODY
		};
#endif
		said = GLAND_PENDING
	:: d_step { said == GLAND_OK || said == GLAND_PENDING ->
			k = c[me].licence;
			c[me].licence = NOBODY;
			assert(c[k].state == CELL_LICENSED);
			c[k].licence = NOBODY;
			mail[k] = false; /* cell_move_in */
			c[k].state = CELL_LIVING;
			k = 0;
			said = GLAND_OK }
	:: said != GLAND_OK && said != GLAND_PENDING -> skip
	fi
}

#define MAX_OF(class) (class == CLASS_NEURON -> 1 : (class == CLASS_BLOOD -> VESSELS : DRONE_MIN))

/* gland_become. */
inline become(to, saw)
{
	d_step {
		gland[me] = true;
		if
		:: c[me].licence != NOBODY -> said = GLAND_PENDING
		:: else -> count_in(to, saw, MAX_OF(to))
		fi
	}
	if
	:: said == GLAND_OK ->
		living[CLASS_STEM]--;
		d_step { c[me].class = to; away[me] = false };
		announce(me);
		gland[me] = false
	:: else -> gland[me] = false
	fi
}

/* stem_look, fate_of_stem. */
inline look()
{
	d_step {
		fate = FATE_BECOME;
		if
		:: living[CLASS_BLOOD] < VESSELS -> to = CLASS_BLOOD
		:: else ->
			if
			:: living[CLASS_DRONE] < DRONE_MIN -> to = CLASS_DRONE
			:: else ->
				if
				:: living[CLASS_NEURON] < 1 -> to = CLASS_NEURON
				:: else ->
					to = CLASS_STEM;
					if
					:: living[CLASS_STEM] < STEM_MIN -> fate = FATE_DIVIDE
					:: else -> fate = FATE_WAIT
					fi
				fi
			fi
		fi;
		seen = living[to];
		away[me] = (to == CLASS_DRONE)
	}
}

/* stem_act; asleep only in the last line, woken by any message. */
inline stem_act()
{
	look();
	said = GLAND_OK;
	if
	:: fate == FATE_BECOME ->
		if
		:: d_step { to == CLASS_DRONE && living[CLASS_STEM] <= STEM_MIN -> v = living[CLASS_STEM] }; /* stem_leave_daughter */
			divide(v)
		:: to != CLASS_DRONE || living[CLASS_STEM] > STEM_MIN
		fi;
		v = 0;
		if
		:: said == GLAND_OK -> become(to, seen)
		:: else
		fi;
		wait = (said == GLAND_FULL || said == GLAND_CLASS);
#ifdef CODE_LICENCE
		wait = wait || (said == GLAND_PENDING && to != CLASS_DRONE)
#endif
	:: fate == FATE_DIVIDE -> divide(seen); wait = (said == GLAND_FULL)
	:: fate == FATE_WAIT -> wait = true
	fi;
	d_step { seen = 0; to = CLASS_STEM; fate = FATE_WAIT; said = GLAND_OK };
	if
	:: wait ->
#ifdef BREAK_CLEAR
		mail[me] = false;
#endif
end_stem:	mail[me];
		d_step { mail[me] = false; wait = false }
	:: else
	fi
}

/* blood_claim and gland_animate: the first vessel whose owner is dead. */
inline claim()
{
	v = 0;
	do
	:: v < VESSELS && !serves[me] ->
#ifdef HOSTILE
		/* A cell that was taken over by an attacker may name any owner. */
		if
		:: atomic { lies > 0 -> lies--; seen = c[0].id }
		:: atomic { lies > 0 -> lies--; seen = c[1].id }
		:: atomic { lies > 0 -> lies--; seen = c[2].id }
		:: seen = owner[v]
		fi;
#else
		seen = owner[v];
#endif
		d_step {
			gland[me] = true;
			was = owner[v];
			if
			:: was != 0 && OWNED_BY(was) -> said = GLAND_OWNED
			:: else -> said = GLAND_OK
			fi
		}
		if
		:: said == GLAND_OK ->
#ifdef CODE_ANIMATE
			was = seen;
#endif
#ifdef BREAK_CAS
			d_step {
				if
				:: owner[v] != seen -> said = GLAND_STALE
				:: else
				fi
			}
#endif
			d_step {
#ifndef BREAK_CAS
				/* What was judged is what is replaced. */
				if
				:: was != seen || owner[v] != was -> said = GLAND_STALE
				:: else
				fi;
#endif
				if
				:: said == GLAND_OK ->
					owner[v] = c[me].id;
					serves[me] = v + 1;
					k = 0;
					do
					:: k < CELLS ->
						assert(k == me || c[k].state != CELL_LIVING || serves[k] != v + 1);
						k++
					:: else -> break
					od;
					k = 0
				:: else
				fi;
				gland[me] = false
			}
		:: else -> gland[me] = false
		fi;
		v++
	:: else -> break
	od;
	atomic { v = 0; seen = 0; was = 0; said = GLAND_OK }
}

/* blood_live; what it does with connections is in requeue.pml. */
inline blood_live()
{
	claim();
	do
	:: !serves[me] -> break /* every vessel is served already; this cell ends */
	:: serves[me] && living[CLASS_STEM] == 0 && living[CLASS_NEURON] == 0 -> /* blood_is_alone */
		divide(0);
#ifdef CODE_ALONE
		if
		:: said == GLAND_PENDING ->
end_failed:		mail[me]
		:: else
		fi;
#endif
		said = GLAND_OK
	:: serves[me] && !(living[CLASS_STEM] == 0 && living[CLASS_NEURON] == 0) ->
end_blood:	mail[me];
		mail[me] = false
	od
}

inline neuron_live()
{
	do
	:: living[CLASS_STEM] == 0 -> divide(0); said = GLAND_OK
	:: living[CLASS_STEM] ->
end_neuron:	mail[me];
		mail[me] = false
	od
}

proctype life(byte me)
{
	byte v, k, seen, was;
	mtype:cell_class to = CLASS_STEM, cls;
	mtype:fate_act fate = FATE_WAIT;
	mtype:gland_answer said = GLAND_OK;
	bool wait;

end_unborn:
	c[me].state == CELL_LIVING;
	{
		do
		:: c[me].class == CLASS_STEM -> stem_act()
		:: c[me].class == CLASS_BLOOD -> blood_live(); break
		:: c[me].class == CLASS_NEURON -> neuron_live()
		:: c[me].class == CLASS_DRONE ->
end_drone:		false
		od
	} unless { killed[me] && !gland[me] };
	atomic {
		v = 0; k = 0; seen = 0; was = 0;
		to = CLASS_STEM; fate = FATE_WAIT; said = GLAND_OK; wait = false
	}
	bury();
	goto end_unborn
}

#define VICTIM(i)                                                                                                     \
	:: atomic { kills > 0 && (i) < CELLS && c[(i) % CELLS].state == CELL_LIVING && !killed[(i) % CELLS] &&         \
		    BEARER_BUT(i) -> kills--; killed[(i) % CELLS] = true }

/* Whoever sends SIGKILL; it may stop at any time. When nothing moves any more, the organism must be whole. */
active proctype world()
{
	do
	VICTIM(0)
	VICTIM(1)
	VICTIM(2)
	VICTIM(3)
	VICTIM(4)
	VICTIM(5)
	:: kills > 0 -> kills = 0
	:: timeout -> assert(WHOLE); break
	od
}

init {
	byte i;

	d_step {
		do
		:: i < CELLS ->
			c[i].state = CELL_FREE;
			c[i].class = CLASS_STEM;
			c[i].licence = NOBODY;
			i++
		:: else -> break
		od;
		/* What the egg has left: itself as the neuron, and stems. */
		c[0].state = CELL_LIVING; c[0].class = CLASS_NEURON; c[0].id = 1 << 3; living[CLASS_NEURON] = 1;
		c[1].state = CELL_LIVING; c[1].id = 2 << 3 | 1;
		c[2].state = CELL_LIVING; c[2].id = 3 << 3 | 2;
		living[CLASS_STEM] = 2;
		serial = 3;
		i = 0
	}
	atomic {
		do
		:: i < CELLS -> run life(i); i++
		:: else -> break
		od
	}
}

#ifdef LIVE
ltl whole { <> [] (WHOLE) }
#endif
