// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The learning half of the immune system: blood presents evidence and accuses requests, T cells ban. Run by cells without
// privileges; whose connection it is, how a drone died and who may be banned is for the kernel to see, not for them to say.
#define LYMPH_DEFINES
#include "lymph.bpf.h"
#include "neverban.bpf.h"
#include "pathogen.bpf.h"
#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* By slot, the id of the dead drone whose death has been laid to a request. Writer: gland_blame. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CELL_SLOTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} autopsies SEC(".maps");

/* Clients behind trusted proxies that blood refuses; the skin does not know of them. Writer: gland_ban, cellctl. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, REFUSED_MAX);
	__type(key, struct source);
	__type(value, struct antibody);
} refused SEC(".maps");

#define S_IFMT_BITS  0170000
#define S_IFSOCK_BIT 0140000
#define FAMILY_V4    2
#define FAMILY_V6    10
#define TYPE_STREAM  1

/* The socket behind a descriptor of the calling process, or NULL. Everything is read without trust in what it is. */
static __always_inline struct sock *lymph_sock(__u32 fd)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **all = BPF_CORE_READ(table, fd), *file = NULL;
	struct socket *socket;

	if (fd >= BPF_CORE_READ(table, max_fds) || bpf_probe_read_kernel(&file, sizeof(file), &all[fd]) || !file)
		return NULL;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT_BITS) != S_IFSOCK_BIT)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return socket ? BPF_CORE_READ(socket, sk) : NULL;
}

/* States in which the three-way handshake has been made, or the connection has ended after it. */
static __always_inline bool lymph_has_met(__u8 state)
{
	return state != TCP_SYN_SENT && state != TCP_SYN_RECV && state != TCP_LISTEN && state != TCP_NEW_SYN_RECV;
}

/*
 * Who is at the other end of the connection that the caller holds: it has answered our SYN, so that the address is its own.
 * Only connections to one of the organism's ports count; a cell cannot make others.
 */
static __always_inline bool lymph_source(__u32 fd, struct source *to)
{
	struct sock *sk = lymph_sock(fd);
	__u16 family;

	if (!sk || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP || BPF_CORE_READ(sk, sk_type) != TYPE_STREAM)
		return false;
	if (!lymph_has_met(BPF_CORE_READ(sk, __sk_common.skc_state)))
		return false;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	to->family = family == FAMILY_V4 ? 4 : 6;
	if (family == FAMILY_V4)
		to->key = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	else if (family != FAMILY_V6 ||
		bpf_core_read(&to->key, sizeof(to->key), &sk->__sk_common.skc_v6_daddr))
		return false;
	return to->key != 0;
}

/* Only a proxy says who that is, so that it must never lead to a ban in the skin: there the address may be anybody's. */
static __always_inline void lymph_believe(struct source *s, const struct source *claimed)
{
	/* Also an address that nobody can have: what stands against it must not be laid to the proxy. */
	if (claimed->family != 4 && claimed->family != 6)
		return;
	s->key = claimed->family == 4 ? (__u32)claimed->key : claimed->key;
	s->family = claimed->family;
	s->via = 1;
}

/* The local port, also of a connection that has been reset, which keeps it in one place only. */
static __always_inline bool lymph_is_own(__u32 fd)
{
	struct inet_sock *inet = (struct inet_sock *)lymph_sock(fd);
	struct port_set *set;
	__u32 zero = 0;

	set = bpf_map_lookup_elem(&own_ports, &zero);
	return inet && set && port_set_has(set, bpf_ntohs(BPF_CORE_READ(inet, inet_sport)));
}

static __always_inline void neighbour_is_good(const struct source *s, const struct source *prefix, __u64 now)
{
	struct neighbourhood *n = neighbourhood_get(prefix, now);
	__u32 number = neighbour_number(s, prefix->bits);

	if (n)
		__sync_fetch_and_or(&n->good[number >> 6 & 3], 1ULL << (number & 63));
}

/* Blood knows clients, the gamete who calls where hosts link, and neither the other's. */
static __always_inline bool present_is_its(const struct cell *c, __u32 reason)
{
	return c->class == (reason == ANTIGEN_FOREIGN ? CLASS_GAMETE : CLASS_BLOOD);
}

static __always_inline __u32 present_check(const struct cell *c, const struct present_call *call, struct source *source)
{
	if (c->class != CLASS_BLOOD && c->class != CLASS_GAMETE)
		return GLAND_CLASS;
	if (call->reason == ANTIGEN_NONE || call->reason >= ANTIGEN_COUNT)
		return GLAND_RANGE;
	if (!present_is_its(c, call->reason))
		return GLAND_CLASS;
	return lymph_is_own(call->fd) && lymph_source(call->fd, source) ? GLAND_OK : GLAND_UNPROVEN;
}

/* Evidence against the client of one of the caller's connections. */
SEC("syscall")
int gland_present(struct present_call *call)
{
	struct cell *c = cell_or_stranger();
	struct lymph *count = lymph_get();
	struct antigen a = { .time_ns = bpf_ktime_get_boot_ns() };

	call->answer = GLAND_STRANGER;
	if (!c || !count)
		return 0;
	call->answer = present_check(c, call, &a.source);
	if (call->answer != GLAND_OK) {
		__sync_fetch_and_add(&count->refused, 1);
		return 0;
	}
	lymph_believe(&a.source, &call->claimed);
	a.reason = call->reason;
	a.rule = call->rule;
	a.route = call->route;
	a.cell = c->id;
	lymph_print(a.detail, call->detail);
	lymph_take(c, &a, count);
	return 0;
}

/* Whether a ban holds already, of this source alone. */
static __always_inline bool ban_holds(const struct source *s, __u64 now)
{
	__u32 v4 = (__u32)s->key;
	__u64 v6 = s->key;
	const struct antibody *a = s->via         ? bpf_map_lookup_elem(&refused, s) :
				   s->family == 4 ? bpf_map_lookup_elem(&antibody_v4, &v4) :
						    bpf_map_lookup_elem(&antibody_v6, &v6);

	return a && (!a->expires_ns || a->expires_ns > now);
}

static __always_inline __u32 ban_write(const struct source *s, __u32 ttl_s, __u64 now)
{
	struct antibody new = { .expires_ns = now + ttl_s * SECOND_NS,
		.since_ns = now,
		.reason = ANTIBODY_BY_EVIDENCE,
		.bits = s->family == 4 ? 32 : 64 };
	__u32 v4 = (__u32)s->key;
	__u64 v6 = s->key;
	long error;

	if (s->via)
		return bpf_map_update_elem(&refused, s, &new, BPF_ANY) ? INCIDENT_FULL : INCIDENT_REFUSED;
	error = s->family == 4 ? bpf_map_update_elem(&antibody_v4, &v4, &new, BPF_ANY) :
				 bpf_map_update_elem(&antibody_v6, &v6, &new, BPF_ANY);

	return error ? INCIDENT_FULL : INCIDENT_BANNED;
}

static __always_inline __u32 ban_judge(const struct constitution *k, struct lymph *count, const struct ban_call *call,
	const struct incident *what)
{
	/* Whatever the T cell says. The skin lets the never-ban list pass in any case. */
	if (call->spared || never_covers(&what->source))
		return INCIDENT_SPARED;
	if (k->observe)
		return INCIDENT_OBSERVED;
	if (!ban_is_within_budget(count, k->bans_per_minute, what->time_ns))
		return INCIDENT_HELD_BACK;
	return ban_write(&what->source, what->ttl_s, what->time_ns);
}

static __always_inline __u32 ban_answer(__u32 act)
{
	switch (act) {
	case INCIDENT_BANNED:
	case INCIDENT_REFUSED:
		return GLAND_OK;
	case INCIDENT_SPARED:
		return GLAND_SPARED;
	case INCIDENT_OBSERVED:
		return GLAND_OBSERVED;
	case INCIDENT_HELD_BACK:
		return GLAND_RATE;
	default:
		return GLAND_FULL;
	}
}

static __always_inline __u32 ban_check(const struct cell *c, const struct suspect *s, const struct incident *what)
{
	if (c->class != CLASS_TCELL)
		return GLAND_CLASS;
	if (!s || what->time_ns - s->last_ns > SUSPECT_FRESH_NS)
		return GLAND_UNPROVEN;
	/* Evidence of one attack is judged as it is read: what comes behind the piece that sufficed is no new offence. */
	return ban_holds(&what->source, what->time_ns) ? GLAND_TWICE : GLAND_OK;
}

/* Bans a source that fresh evidence stands against; for how long, its record and the DNA say. */
SEC("syscall")
int gland_ban(struct ban_call *call)
{
	const struct constitution *k = constitution_get();
	struct cell *c = cell_or_stranger();
	struct lymph *count = lymph_get();
	struct incident what = { .time_ns = bpf_ktime_get_boot_ns(), .source = call->source, .score = call->score };
	struct suspect *s;
	bool stands;

	call->hostile = 0;
	call->answer = GLAND_STRANGER;
	if (!c || !k || !count)
		return 0;
	what.source.via = !!call->source.via;
	what.source.bits = 0;
	s = bpf_map_lookup_elem(&suspects, &what.source);
	call->answer = ban_check(c, s, &what);
	if (call->answer != GLAND_OK || !s) {
		if (call->answer != GLAND_TWICE)
			refuse(c, call->answer, 0);
		return 0;
	}
	what.offence = offender_next(&what.source);
	what.ttl_s = ban_seconds(k->ban_s, k->ban_max_s, what.offence);
	what.act = ban_judge(k, count, call, &what);
	what.reason = s->reason;
	what.rule = s->rule;
	what.count = s->count;
	what.cell = c->id;
	__builtin_memcpy(what.detail, s->detail, sizeof(what.detail));
	stands = what.act == INCIDENT_BANNED || what.act == INCIDENT_REFUSED;
	if (incident_is_told(&s->told_s, stands, what.time_ns))
		incident_write(count, &what);
	if (stands) {
		offender_note(&what.source, what.offence, what.time_ns);
		/* Of an address that a proxy only reports, its neighbours may not suffer. */
		if (!what.source.via)
			call->hostile = neighbour_is_bad(&what.source, what.time_ns);
		happened_to(&what.source, HAPPENED_BAN, c, what.reason, what.ttl_s, what.offence);
	}
	call->ttl_s = what.ttl_s;
	call->offence = what.offence;
	call->answer = ban_answer(what.act);
	return 0;
}

/* The client of one of the caller's connections was answered well. */
SEC("syscall")
int gland_praise(struct praise_call *call)
{
	struct cell *c = cell_or_stranger();
	struct source whom = { 0 }, prefix = { 0 }, wider = { 0 };
	__u64 now = bpf_ktime_get_boot_ns();
	const struct suspect *s;

	call->answer = !c ? GLAND_STRANGER : c->class != CLASS_BLOOD ? GLAND_CLASS : GLAND_OK;
	if (call->answer != GLAND_OK)
		return 0;
	call->answer = lymph_is_own(call->fd) && lymph_source(call->fd, &whom) ? GLAND_OK : GLAND_UNPROVEN;
	if (call->answer != GLAND_OK)
		return 0;
	s = bpf_map_lookup_elem(&suspects, &whom);
	if (s && now - s->last_ns < SUSPECT_FRESH_NS)
		call->answer = GLAND_TWICE;
	else if (neighbourhood_of(&whom, &prefix))
		neighbour_is_good(&whom, &prefix, now);
	if (call->answer == GLAND_OK && neighbourhood_of(&prefix, &wider))
		neighbour_is_good(&prefix, &wider, now);
	return 0;
}

#define SIGKILL_NUMBER 9u

/* Signals by which a process ends for what it did itself: ILL, TRAP, ABRT, BUS, FPE, SEGV, XCPU, XFSZ, SYS. */
#define CRASHES (1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 11 | 1u << 24 | 1u << 25 | 1u << 31)

/*
 * Whether the drone died of the request: by a signal of its own, an exit code, or by a sentence for having it too long in
 * hand. What else it is condemned for, or killed for by somebody outside, says nothing of the request.
 */
static __always_inline bool blame_is_own_fault(const struct cell *drone)
{
	__u32 slot = drone->slot, signal = drone->exit_code & 0x7f;
	struct ballot *votes = bpf_map_lookup_elem(&ballots, &slot);

	if (!signal)
		return drone->exit_code != 0;
	if (signal != SIGKILL_NUMBER)
		return signal < 32 && (CRASHES >> (signal & 31) & 1);
	return votes && votes->condemned == SENTENCE_LATE && votes->target == drone->id;
}

static __always_inline __u32 blame_check(const struct cell *c, const struct cell *drone, const struct blame_call *call)
{
	__u32 slot = cell_slot_of_id(call->drone), *last = bpf_map_lookup_elem(&autopsies, &slot);

	if (c->class != CLASS_BLOOD)
		return GLAND_CLASS;
	if (!call->fingerprint || !last)
		return GLAND_RANGE;
	if (!drone || drone->id != call->drone || drone->class != CLASS_DRONE || drone->state != CELL_DEAD ||
		!blame_is_own_fault(drone))
		return GLAND_UNPROVEN;
	/* One death is laid to one request. */
	return __sync_lock_test_and_set(last, call->drone) == call->drone ? GLAND_TWICE : GLAND_OK;
}

/* Counts it, here and for other hosts. */
static __always_inline __u32 blame_count(struct lymph *count, __u64 fingerprint, const struct incident *what, __u32 cause)
{
	struct pathogen_deaths d = { .fingerprint = fingerprint, .now = what->time_ns, .route = what->rule, .cause = cause, .n = 1 };

	contagion_tell(&d, what->detail);
	return pathogen_note(count, &d, what->detail);
}

/* A request at which a drone died of its own fault. */
SEC("syscall")
int gland_blame(struct blame_call *call)
{
	struct cell *c = cell_or_stranger(), *drone = cell_at(cell_slot_of_id(call->drone));
	struct incident what = { .time_ns = bpf_ktime_get_boot_ns(), .act = INCIDENT_DEADLY, .reason = ANTIGEN_PATHOGEN };
	struct lymph *count = lymph_get();

	call->answer = GLAND_STRANGER;
	call->deaths = 0;
	if (!c || !count)
		return 0;
	call->answer = blame_check(c, drone, call);
	if (call->answer != GLAND_OK || !drone)
		return 0;
	lymph_call_tcells(c);
	what.rule = call->route;
	lymph_print(what.detail, call->detail);
	call->deaths = blame_count(count, call->fingerprint, &what, drone->exit_code);
	if (!lymph_source(call->fd, &what.source))
		what.source.family = 0;
	else
		lymph_believe(&what.source, &call->claimed);
	what.count = call->deaths;
	what.cell = call->drone;
	incident_write(count, &what);
	return 0;
}
