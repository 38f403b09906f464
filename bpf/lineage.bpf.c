// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The family tree, kept by the kernel at fork, exec and exit: births that were licensed, deaths, cells that left by exec.
#define FAMILY_DEFINES
#include "bus.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Kernels from 6.13 on; elsewhere the neuron kills. */
extern int bpf_send_signal_task(struct task_struct *task, int sig, enum pid_type type, __u64 value) __ksym __weak;
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *p) __ksym __weak;

#define SIGKILL_NUMBER 9

/* A child that nobody licensed: killed here where the kernel can, else its relatives are told to. */
static __always_inline void lineage_reject(struct cell *mother, struct task_struct *child)
{
	if (bpf_send_signal_task)
		bpf_send_signal_task(child, SIGKILL_NUMBER, PIDTYPE_TGID, 0);
	happened(HAPPENED_TUMOUR, mother, child->tgid, 0, 0);
	family_announce(mother, MSG_TUMOUR, child->tgid);
}

static __always_inline void lineage_enter(struct cell *mother, struct cell *daughter, __u32 pid)
{
	struct census *n = census_of(daughter->class);
	__u32 slot = daughter->slot;

	daughter->pid = pid;
	daughter->generation = mother->generation + 1;
	daughter->born_ns = bpf_ktime_get_boot_ns();
	daughter->died_ns = 0;
	daughter->exit_code = 0;
	daughter->leaving = 0;
	daughter->licence = CELL_NOBODY;
	daughter->state = CELL_LIVING;
	bpf_map_update_elem(&kin, &pid, &slot, BPF_ANY);
	happened(HAPPENED_BIRTH, daughter, mother->slot, 0, 0);
	if (n)
		__sync_fetch_and_add(&n->born, 1);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(lineage_fork, struct task_struct *parent, struct task_struct *child)
{
	struct cell *mother, *daughter;
	__u32 slot;

	if (child->pid != child->tgid)
		return 0; /* a thread */
	mother = cell_of_pid(parent->tgid);
	if (!mother)
		return 0;
	slot = mother->licence;
	mother->licence = CELL_NOBODY;
	daughter = slot == CELL_NOBODY ? NULL : cell_at(slot);
	if (!daughter || daughter->state != CELL_LICENSED || daughter->mother != mother->slot) {
		lineage_reject(mother, child);
		return 0;
	}
	lineage_enter(mother, daughter, child->tgid);
	return 0;
}

struct handover {
	__u32 from; /* slot of the dead mother */
	__u32 to;   /* slot of the new mother */
};

static long lineage_hand_one(__u32 slot, void *ctx)
{
	struct handover *h = ctx;
	struct cell *c = cell_at(slot);

	if (c && c->state == CELL_LIVING && c->mother == h->from && slot != h->from)
		c->mother = slot == h->to ? CELL_NOBODY : h->to;
	return 0;
}

static long lineage_find_neuron(__u32 slot, void *ctx)
{
	struct handover *h = ctx;
	struct cell *c = cell_at(slot);

	if (!c || c->state != CELL_LIVING || c->class != CLASS_NEURON)
		return 0;
	h->to = slot;
	return 1;
}

/* Who gets the daughters of a cell: its mother while she lives, else the neuron, else nobody for now. */
static __always_inline __u32 lineage_heir(__u32 mother)
{
	struct cell *m = mother == CELL_NOBODY ? NULL : cell_at(mother);
	struct handover h = { .from = CELL_NOBODY, .to = CELL_NOBODY };

	if (m && m->state == CELL_LIVING)
		return mother;
	bpf_loop(CELL_SLOTS_MAX, lineage_find_neuron, &h, 0);
	return h.to;
}

static __always_inline __u32 lineage_mother(__u32 slot)
{
	struct cell *c = slot == CELL_NOBODY ? NULL : cell_at(slot);

	return c ? c->mother : CELL_NOBODY;
}

static __always_inline bool lineage_is_living(__u32 slot)
{
	struct cell *c = cell_at(slot);

	return c && c->state == CELL_LIVING;
}

#define HANDOVERS_MAX 8 /* relatives that may die during one handing on */

/*
 * Keeps the tree in one piece. The heir may die, or the next neuron adopt the orphans, on another CPU while the daughters
 * are handed over: so the heir is looked at again behind a barrier, and what came too late is handed on once more.
 * gland_become has the other half: it is the neuron first, and adopts behind a barrier.
 */
static __always_inline void lineage_hand_on(const struct cell *dead)
{
	struct handover h = { .from = dead->slot, .to = CELL_NOBODY };
	__u32 mother = dead->mother;

	for (int i = 0; i < HANDOVERS_MAX; i++) {
		h.to = lineage_heir(mother);
		bpf_loop(CELL_SLOTS_MAX, lineage_hand_one, &h, 0);
		family_barrier();
		if (h.to != CELL_NOBODY ? lineage_is_living(h.to) : lineage_heir(CELL_NOBODY) == CELL_NOBODY)
			break;
		h.from = h.to;
		mother = lineage_mother(h.to);
	}
}

static __always_inline void lineage_bury(struct cell *c, __u32 code)
{
	struct census *n = census_of(c->class);
	const struct cell dead = *c;
	__u32 pid = c->pid;

	/* Now, and the copy: once the record is given up, it may be another cell's a moment later. */
	family_return_licence(c);
	c->exit_code = code;
	c->died_ns = bpf_ktime_get_boot_ns();
	c->state = CELL_DEAD;
	bpf_map_delete_elem(&kin, &pid);
	happened(HAPPENED_DEATH, &dead, code, 0, 0);
	if (n) {
		/* One that has left by its own decision is not counted any more. */
		if (!dead.leaving)
			__sync_fetch_and_add(&n->living, -1);
		__sync_fetch_and_add(&n->died, 1);
	}
	lineage_hand_on(&dead);
	family_announce(&dead, MSG_DEATH, code);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(lineage_exit, struct task_struct *task)
{
	struct cell *c;

	if (task->pid != task->tgid)
		return 0;
	c = cell_of_pid(task->tgid);
	if (c)
		lineage_bury(c, task->exit_code);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(lineage_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	struct cell *c = cell_of_pid(task->tgid);

	if (!c)
		return 0;
	stranger_seen(c->pid, 3);
	lineage_bury(c, SIGKILL_NUMBER);
	bpf_send_signal(SIGKILL_NUMBER);
	return 0;
}

struct count {
	__u64 since_ns; /* votes before this count no more */
	__u32 target;   /* slot */
	__u32 electorate;
	__u32 votes;
	__u32 late; /* of them, for REASON_DEADLINE */
};

/* One living adult, and whether its vote against the target stands. */
static long vote_count(__u32 slot, void *ctx)
{
	struct count *n = ctx;
	struct cell *c = cell_at(slot);
	__u32 target = n->target;
	struct ballot *b;
	struct paper *p;

	if (!c || c->state != CELL_LIVING || c->leaving || !is_adult(c) || slot >= CELL_SLOTS_MAX)
		return 0;
	n->electorate++;
	b = bpf_map_lookup_elem(&ballots, &target);
	if (!b)
		return 1;
	p = &b->paper[slot & (CELL_SLOTS_MAX - 1)];
	if (p->voter != c->id || p->voted_ns < n->since_ns)
		return 0;
	n->votes++;
	n->late += p->reason == REASON_DEADLINE;
	return 0;
}

/* Carries a sentence out where the kernel can; elsewhere, those it is announced to do. */
static __always_inline void lineage_execute(const struct cell *target)
{
	struct task_struct *task;

	family_announce(target, MSG_CONDEMNED, target->pid);
	if (!bpf_task_from_pid || !bpf_task_release || !bpf_send_signal_task)
		return;
	task = bpf_task_from_pid(target->pid);
	if (!task)
		return;
	bpf_send_signal_task(task, SIGKILL_NUMBER, PIDTYPE_TGID, 0);
	bpf_task_release(task);
}

static __always_inline __u32 vote_check(const struct cell *c, const struct cell *target, const struct bus_call *call)
{
	if (!is_adult(c) || c->leaving)
		return GLAND_CLASS;
	if (!target || target->slot == c->slot)
		return GLAND_DEAD;
	if (call->reason == REASON_NONE || call->reason >= REASON_COUNT)
		return GLAND_RANGE;
	return GLAND_OK;
}

/*
 * One vote of a living adult against one cell. At a strict majority of the living adults, at least three, the target is
 * condemned and killed; again when votes are renewed and it still lives, since where cells carry sentences out, the one that
 * was to do it may have died before. Here and not in the gland, because libbpf's linker wants a kernel function that may be missing to
 * be named in one object only.
 */
SEC("syscall")
int gland_vote(struct bus_call *call)
{
	const struct constitution *k = constitution_get();
	struct cell *c = cell_or_stranger(), *target = cell_of_id(call->target);
	__u64 now = bpf_ktime_get_boot_ns(), window;
	struct count n = { 0 };
	struct ballot *b;
	struct paper *p;
	__u32 slot;
	bool again;

	call->votes = call->electorate = 0;
	call->answer = GLAND_STRANGER;
	if (!c || !k)
		return 0;
	call->answer = vote_check(c, target, call);
	if (call->answer == GLAND_OK && !allowed(c->slot, ACT_VOTE, k->secretions_per_s, now))
		call->answer = GLAND_RATE;
	if (call->answer != GLAND_OK || !target) {
		refuse(c, call->answer, 0);
		return 0;
	}
	slot = target->slot;
	b = bpf_map_lookup_elem(&ballots, &slot);
	if (!b)
		return 0;
	p = &b->paper[c->slot & (CELL_SLOTS_MAX - 1)];
	window = (__u64)k->ballot_ms * 1000000;
	n.since_ns = now > window ? now - window : 0;
	again = p->voter == c->id && b->target == target->id;
	if (again && p->voted_ns >= n.since_ns) {
		call->answer = refuse(c, GLAND_TWICE, 0);
		return 0;
	}
	b->target = target->id;
	p->reason = call->reason;
	p->voted_ns = now;
	barrier();
	p->voter = c->id;
	n.target = slot;
	family_barrier();
	bpf_loop(CELL_SLOTS_MAX, vote_count, &n, 0);
	b->votes = call->votes = n.votes;
	b->electorate = call->electorate = n.electorate;
	happened(HAPPENED_VOTE, c, target->id, call->reason, n.votes << 16 | n.electorate);
	if (n.electorate < 3) {
		call->answer = GLAND_FEW;
		return 0;
	}
	if (2 * n.votes <= n.electorate)
		return 0;
	if (!__sync_val_compare_and_swap(&b->condemned, SENTENCE_NONE, 2 * n.late > n.votes ? SENTENCE_LATE : SENTENCE_PASSED))
		happened(HAPPENED_CONDEMN, target, 0, call->reason, n.votes << 16 | n.electorate);
	else if (!again)
		return 0;
	lineage_execute(target);
	return 0;
}
