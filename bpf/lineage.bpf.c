// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The family tree, kept by the kernel at fork, exec and exit: births that were licensed, deaths, cells that left by exec.
#define FAMILY_DEFINES
#include "family.bpf.h"

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

/* Who gets the daughters of the cell in slot from: its mother while she lives, else the neuron, else nobody for now. */
static __always_inline __u32 lineage_heir(__u32 from)
{
	struct cell *dead = cell_at(from), *mother;
	struct handover h = { .from = from, .to = CELL_NOBODY };

	mother = dead && dead->mother != CELL_NOBODY ? cell_at(dead->mother) : NULL;
	if (mother && mother->state == CELL_LIVING)
		return mother->slot;
	bpf_loop(CELL_SLOTS_MAX, lineage_find_neuron, &h, 0);
	return h.to;
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
static __always_inline void lineage_hand_on(const struct cell *dead, struct census *n)
{
	struct handover h = { .from = dead->slot, .to = CELL_NOBODY };

	for (int i = 0; i < HANDOVERS_MAX; i++) {
		h.to = lineage_heir(h.from);
		bpf_loop(CELL_SLOTS_MAX, lineage_hand_one, &h, 0);
		family_barrier(n);
		if (h.to != CELL_NOBODY ? lineage_is_living(h.to) : lineage_heir(CELL_NOBODY) == CELL_NOBODY)
			break;
		h.from = h.to;
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
	if (n) {
		__sync_fetch_and_add(&n->living, -1);
		__sync_fetch_and_add(&n->died, 1);
	}
	if (n)
		lineage_hand_on(&dead, n);
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
	lineage_bury(c, SIGKILL_NUMBER);
	bpf_send_signal(SIGKILL_NUMBER);
	return 0;
}

/*
 * The neuron ends a drone that is stuck. Here and not in the gland, because libbpf's linker wants a kernel function that
 * may be missing to be named in one object only. GLAND_RANGE where the kernel cannot signal: the neuron does it then.
 */
SEC("syscall")
int lineage_end(struct gland_call *call)
{
	struct cell *c = cell_calling(), *target = cell_at(call->slot);
	struct task_struct *task;

	call->answer = !c ? GLAND_STRANGER : c->class != CLASS_NEURON ? GLAND_CLASS : GLAND_RANGE;
	if (!c || c->class != CLASS_NEURON || !target || target->state != CELL_LIVING || target->id != call->id)
		return 0;
	if (target->class != CLASS_DRONE) {
		call->answer = GLAND_CLASS;
		return 0;
	}
	if (!bpf_task_from_pid || !bpf_task_release || !bpf_send_signal_task)
		return 0;
	task = bpf_task_from_pid(target->pid);
	if (!task)
		return 0;
	if (!bpf_send_signal_task(task, SIGKILL_NUMBER, PIDTYPE_TGID, 0))
		call->answer = GLAND_OK;
	bpf_task_release(task);
	return 0;
}
