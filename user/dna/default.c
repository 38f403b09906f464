/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The DNA that is compiled in: dna.conf of the top of the tree, where the build runs. */
#include "dna/dna.h"

__asm__(".pushsection .rodata\n"
	".global dna_default_text, dna_default_size\n"
	".type dna_default_text, %object\n"
	".type dna_default_size, %object\n"
	"dna_default_text:\n"
	".incbin \"dna.conf\"\n"
	"1: .byte 0\n"
	".size dna_default_text, . - dna_default_text\n"
	".balign 8\n"
	"dna_default_size: .quad 1b - dna_default_text\n"
	".size dna_default_size, 8\n"
	".popsection\n");

_Static_assert(sizeof(dna_default_size) == 8, "dna_default_size is written as eight bytes above");
