/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Adoption of vessels: stems differentiate, take vessels and are killed at any step; never two owners, never none for ever. */

/*
 * One process for each family record; states, classes and answers bear the names of the code. A step is one look at, or
 * one compare-and-swap of, what others see too. A gland program runs to its end once it has begun, as the kernel's do: a
 * kill takes effect before or after it, never inside.
 *
 * Assumed: of the cells that share the descriptors (neuron, blood, stems) one at least stays alive. Left out: drones,
 * sickness, the family tree. With EGG it begins where the egg ends, and a division may fail; else with two blood cells,
 * and a cell that lies.
 *
 * Shown: whoever takes a vessel is the only living cell that believes to serve it. No run goes on for ever, and where it
 * ends every vessel that blood must serve has a living owner, the census is true, and the pool is full. BREAK_x leaves out
 * one thing that the code does; each must be found (tests/model/run).
 */
#ifdef EGG
#define BLOOD_MIN   1
#define CLONE_FAILS 1 /* divisions that the system has no room for */
#define LIES        0
#else
#define BLOOD_MIN   2
#define CLONE_FAILS 0
#define LIES        1 /* times that a cell in an attacker's hands names an owner it has not seen */
#endif
#ifndef KILLS
#define KILLS 2
#endif

#define VESSELS  BLOOD_MIN
#define STEM_MIN 1
#define STEM_MAX 2
#define CELLS    (1 + BLOOD_MIN + STEM_MAX)
#define NOBODY   7
#define SLOT(id) ((id) & 7) /* cell_slot_of_id */

mtype:cell_state = { CELL_FREE, CELL_LICENSED, CELL_LIVING, CELL_DEAD };
mtype:gland_answer = { GLAND_OK, GLAND_STALE, GLAND_FULL, GLAND_CLASS, GLAND_PENDING, GLAND_OWNED };
mtype:fate_act = { FATE_WAIT, FATE_BECOME, FATE_DIVIDE };

#define CLASS_NEURON 0 /* numbers, because the census is indexed by them */
#define CLASS_BLOOD  1
#define CLASS_STEM   2
#define CLASSES      3

typedef cell {
	mtype:cell_state state;
	byte class;
	byte id; /* unlike the slot in its low bits never used again */
	byte licence;
};

cell c[CELLS];
byte living[CLASSES]; /* census, by class */
byte owner[VESSELS];
bool mail[CELLS];   /* the inbox holds something */
bool killed[CELLS]; /* SIGKILL is on its way */
bool gland[CELLS];  /* in the middle of a gland program */
byte serves[CELLS]; /* vessel + 1 that the cell believes to serve; only the model has this */
byte kills, clone_fails = CLONE_FAILS, lies = LIES;

#define LIVES(i)  (c[i].state == CELL_LIVING)
#define OWNED(v)  (owner[v] && LIVES(SLOT(owner[v])) && c[SLOT(owner[v])].id == owner[v])
#define MIN(what) (what == CLASS_BLOOD -> BLOOD_MIN : 1)
#define MAX(what) (what == CLASS_STEM -> STEM_MAX : MIN(what))

/* family_announce: into the inbox of every other living cell. */
inline announce()
{
	d_step {
		k = 0;
		do
		:: k < CELLS -> mail[k] = mail[k] || (LIVES(k) && k != me); k++
		:: else -> break
		od;
		k = 0
	}
}

/* gland_count_in: one more of a class, if there are as many as the caller saw. */
inline count_in(what, saw)
{
	if
#ifndef BREAK_SEEN
	:: living[what] != saw -> said = GLAND_STALE
#endif
	:: else ->
		if
		:: saw >= MAX(what) -> said = GLAND_FULL
		:: else -> living[what]++; said = GLAND_OK
		fi
	fi
}

/* gland_divide: gland_may_bear, gland_count_in, gland_take_slot and gland_license. */
inline license(saw)
{
	d_step {
		if
		:: c[me].class != CLASS_STEM && living[CLASS_STEM] -> said = GLAND_CLASS
		:: c[me].class == CLASS_BLOOD && living[CLASS_NEURON] -> said = GLAND_CLASS
		:: else ->
			if
			:: c[me].licence != NOBODY -> said = GLAND_PENDING
			:: else -> count_in(CLASS_STEM, saw)
			fi
		fi;
		if
		:: said == GLAND_OK ->
			k = 0;
			do
			:: k < CELLS && (c[k].state == CELL_LICENSED || LIVES(k)) -> k++
			:: else -> break
			od;
			assert(k < CELLS);
			c[k].state = CELL_LICENSED;
#ifndef BREAK_ID
			c[k].id = c[k].id + 8;
#endif
			c[k].class = CLASS_STEM;
			c[me].licence = k;
			k = 0
		:: else
		fi
	}
}

/* cell_divide. said: what the gland answered, or GLAND_PENDING when the system had no room. */
inline divide(saw)
{
	license(saw);
	if
	:: said == GLAND_OK || said == GLAND_PENDING ->
		if
		:: atomic { clone_fails > 0 -> clone_fails--; said = GLAND_PENDING };
#ifndef BREAK_LICENCE
			/* A licence that could not be used is given back. */
			d_step { c[c[me].licence].state = CELL_FREE; living[CLASS_STEM]--; c[me].licence = NOBODY }
#endif
		:: d_step { /* clone3, in it lineage_fork; cell_move_in */
			k = c[me].licence;
			c[me].licence = NOBODY;
			assert(c[k].state == CELL_LICENSED);
			mail[k] = false;
			c[k].state = CELL_LIVING;
			k = 0;
			said = GLAND_OK }
		fi
	:: else
	fi
}

/* gland_become */
inline become(to, saw)
{
	d_step {
		if
		:: c[me].licence != NOBODY -> said = GLAND_PENDING
		:: else -> count_in(to, saw)
		fi;
		gland[me] = (said == GLAND_OK)
	};
	if
	:: said == GLAND_OK ->
		d_step { living[CLASS_STEM]--; c[me].class = to };
		announce();
		gland[me] = false
	:: else
	fi
}

/* stem_look, fate_of_stem: vacancies first, then the pool. */
inline look()
{
	d_step {
		fate = FATE_BECOME;
		if
		:: living[CLASS_BLOOD] < BLOOD_MIN -> to = CLASS_BLOOD
		:: else ->
			if
			:: living[CLASS_NEURON] < 1 -> to = CLASS_NEURON
			:: else -> to = CLASS_STEM; fate = (living[CLASS_STEM] < STEM_MIN -> FATE_DIVIDE : FATE_WAIT)
			fi
		fi;
		seen = living[to]
	}
}

/* stem_act: looks, acts, and sleeps until any message comes, unless it has to look again. */
inline stem_act()
{
	look();
	if
	:: fate == FATE_WAIT -> said = GLAND_FULL
	:: fate == FATE_DIVIDE -> divide(seen)
	:: fate == FATE_BECOME -> become(to, seen)
	fi;
	d_step { seen = 0; to = CLASS_STEM; fate = FATE_WAIT };
	if
	:: said == GLAND_FULL || said == GLAND_CLASS ->
#ifdef BREAK_CLEAR
		mail[me] = false;
#endif
end_stem:	atomic { mail[me] -> mail[me] = false }
	:: else /* after a division that failed: a little later */
	fi
}

/* gland_animate: the owner that is judged is the one that is replaced. */
inline animate()
{
	d_step {
		was = owner[v];
		said = (OWNED(v) -> GLAND_OWNED : GLAND_OK);
#ifdef BREAK_JUDGE
		was = seen;
#endif
#ifdef BREAK_LIVING
		said = GLAND_OK;
#endif
		if
		:: was != seen -> said = GLAND_STALE
		:: else
		fi;
		gland[me] = (said == GLAND_OK)
	};
	if
	:: said == GLAND_OK ->
		d_step {
#ifndef BREAK_CAS
			if
			:: owner[v] != was -> said = GLAND_STALE
			:: else
			fi;
#endif
			if
			:: said == GLAND_OK ->
				owner[v] = c[me].id;
				serves[me] = v + 1;
				k = 0;
				do
				:: k < CELLS -> assert(k == me || !LIVES(k) || serves[k] != v + 1); k++
				:: else -> break
				od;
				k = 0
			:: else
			fi;
			gland[me] = false;
			was = 0
		}
	:: else
	fi
}

/* A cell in an attacker's hands names another that may be the owner soon. */
#define LIE(i) :: atomic { lies > 0 && i != me && LIVES(i) && c[i].class == CLASS_BLOOD -> lies--; seen = c[i].id }; animate()

/* blood_claim: the first vessel whose owner is dead. */
inline claim()
{
	do
	:: v < VESSELS && !serves[me] ->
#if LIES > 0
		if
		LIE(1)
		LIE(2)
		LIE(3)
		LIE(4)
		:: true
		fi;
#endif
		seen = owner[v];
		animate();
		v++
	:: else -> break
	od;
	atomic { v = 0; seen = 0; was = 0 }
}

/* blood_live; what it does for connections is in requeue.pml. */
inline blood_live()
{
	if
	:: !serves[me] -> claim()
	:: else
	fi;
	do
	:: !serves[me] -> killed[me] = true /* every vessel is served already; this cell ends */
	:: else ->
		if
		:: living[CLASS_STEM] == 0 && living[CLASS_NEURON] == 0 -> divide(0) /* blood_is_alone */
		:: else ->
end_blood:		atomic { mail[me] -> mail[me] = false }
		fi
	od
}

/* neuron_keep_pool, and what wakes it. */
inline neuron_live()
{
	if
#ifndef BREAK_POOL
	:: living[CLASS_STEM] == 0 -> divide(0)
#endif
	:: else ->
end_neuron:	atomic { mail[me] -> mail[me] = false }
	fi
}

/* lineage_bury: what the record says is read before it is given up; it may be another's a moment later. */
inline bury()
{
	d_step {
		killed[me] = false;
		serves[me] = 0;
		/* family_return_licence */
		if
		:: c[me].licence != NOBODY -> c[c[me].licence].state = CELL_FREE; living[CLASS_STEM]--; c[me].licence = NOBODY
		:: else
		fi;
		to = c[me].class;
		c[me].state = CELL_DEAD
	};
	d_step { living[to]--; to = CLASS_STEM };
#ifndef BREAK_ANNOUNCE
	announce()
#endif
}

proctype life(byte me)
{
	byte v, k, seen, was, to = CLASS_STEM;
	mtype:fate_act fate = FATE_WAIT;
	mtype:gland_answer said = GLAND_OK;

end_unborn:
	LIVES(me);
	{
		do
		:: c[me].class == CLASS_STEM -> stem_act()
		:: c[me].class == CLASS_BLOOD -> blood_live()
		:: c[me].class == CLASS_NEURON -> neuron_live()
		od
	} unless {
		atomic { killed[me] && !gland[me]; v = 0; k = 0; seen = 0; was = 0; to = CLASS_STEM; fate = FATE_WAIT; said = GLAND_OK }
	};
	bury();
	goto end_unborn
}

/* One at least is left. */
#define STAYS(i) (LIVES(i) && !killed[i])
#define OTHER(i) ((i != 0 && STAYS(0)) || (i != 1 && STAYS(1)) || (i != 2 && STAYS(2)) || (i != 3 && STAYS(3)) || FIFTH(i))
#if CELLS == 5
#define FIFTH(i) (i != 4 && STAYS(4))
#else
#define FIFTH(i) false
#endif

#define VICTIM(i) :: atomic { kills > 0 && LIVES(i) && !killed[i] && OTHER(i) -> kills--; killed[i] = true }

/* When nothing moves any more. */
inline expect_whole()
{
	d_step {
		do
		:: i < CELLS ->
			assert(c[i].state != CELL_LICENSED);
			if
			:: LIVES(i) -> count[c[i].class]++
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < CLASSES -> assert(count[i] == living[i] && count[i] >= MIN(i) && count[i] <= MAX(i)); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < VESSELS -> assert(OWNED(i)); i++
		:: else -> break
		od
	}
}

/* Whoever sends SIGKILL, as many as it likes. */
proctype world()
{
	byte i, count[CLASSES];

	do
	VICTIM(0)
	VICTIM(1)
	VICTIM(2)
	VICTIM(3)
#if CELLS == 5
	VICTIM(4)
#endif
	:: timeout -> expect_whole(); break
	od
}

#define FOUNDER(at, what)                                                                                             \
	c[at].state = CELL_LIVING;                                                                                    \
	c[at].class = what;                                                                                           \
	living[what]++

init {
	byte i;

	d_step {
		do
		:: i < CELLS -> c[i].state = CELL_FREE; c[i].class = CLASS_STEM; c[i].id = 8 | i; c[i].licence = NOBODY; i++
		:: else -> break
		od;
		i = 0;
		FOUNDER(0, CLASS_NEURON);
#ifdef EGG
		FOUNDER(1, CLASS_STEM);
		FOUNDER(2, CLASS_STEM);
#else
		FOUNDER(1, CLASS_BLOOD);
		owner[0] = c[1].id; serves[1] = 1;
		FOUNDER(2, CLASS_STEM);
		FOUNDER(3, CLASS_BLOOD);
		owner[1] = c[3].id; serves[3] = 2;
#endif
	}
	select (kills : 0 .. KILLS);
	atomic {
		i = 0;
		do
		:: i < CELLS -> run life(i); i++
		:: else -> break
		od;
		run world()
	}
}
