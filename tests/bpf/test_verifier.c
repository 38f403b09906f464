/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the verifier of Linux 6.1, the oldest kernel that is served, would refuse and this machine's does not. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <unistd.h>
#include "cellctl/cookies.h"
#include "cellctl/guard.h"
#include "cellws.skel.h"

#define LAST_HELPER BPF_FUNC_user_ringbuf_drain /* the last one that 6.1 has */

/* Of the million that a program may take. 6.1 takes up to twice as many as later ones, since it sees fewer states as alike. */
#define STEPS 250000u

Test(verifier, a_no_helper_is_newer_than_the_oldest_kernel)
{
	struct cellws *skel = cellws__open();
	struct bpf_program *p;

	cr_assert(skel);
	bpf_object__for_each_program(p, skel->obj) {
		const struct bpf_insn *all = bpf_program__insns(p);

		for (size_t i = 0; i < bpf_program__insn_cnt(p); i++)
			if (all[i].code == (BPF_JMP | BPF_CALL) && !all[i].src_reg)
				cr_expect_leq(all[i].imm, LAST_HELPER, "%s calls helper %d", bpf_program__name(p), all[i].imm);
	}
	cellws__destroy(skel);
}

Test(verifier, b_every_program_is_far_from_the_limit, .timeout = 30)
{
	struct cellws *skel = cellws__open();
	struct bpf_program *p;

	if (geteuid() != 0)
		cr_skip_test("not root: no program can be loaded");
	cr_assert(skel);
	guard_fit(skel);
	cookies_demand_all(skel);
	cr_assert_eq(cellws__load(skel), 0);
	bpf_object__for_each_program(p, skel->obj) {
		struct bpf_prog_info info = { 0 };
		__u32 n = sizeof(info);

		if (!bpf_program__autoload(p))
			continue;
		cr_assert_eq(bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &n), 0);
		cr_expect_gt(info.verified_insns, 0);
		cr_expect_lt(info.verified_insns, STEPS, "%s takes %u steps", bpf_program__name(p), info.verified_insns);
	}
	cellws__destroy(skel);
}
