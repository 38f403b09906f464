/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The class table of bytes, worked out by the preprocessor from one rule a class. */
#include "http/bytes.h"

#define BETWEEN(c, lo, hi) ((c) >= (lo) && (c) <= (hi))
#define DIGIT(c)	   BETWEEN(c, '0', '9')
#define ALPHA(c)	   (BETWEEN(c, 'a', 'z') || BETWEEN(c, 'A', 'Z'))
#define VISIBLE(c)	   BETWEEN(c, 0x21, 0x7e)
#define MARK(c)                                                                                                        \
	((c) == '!' || BETWEEN(c, '#', '\'') || (c) == '*' || (c) == '+' || (c) == '-' || (c) == '.' ||                \
		BETWEEN(c, '^', '`') || (c) == '|' || (c) == '~')
#define SAFE(c) ((c) == '-' || (c) == '.' || (c) == '_' || (c) == '~')

#define CLASSES(c)                                                                                                     \
	((DIGIT(c) || ALPHA(c) || MARK(c) ? BYTE_TOKEN : 0) |                                                          \
		((c) == '\t' || (c) == ' ' || VISIBLE(c) || (c) >= 0x80 ? BYTE_VALUE : 0) |                            \
		(VISIBLE(c) && (c) != '?' && (c) != '#' ? BYTE_PATH : 0) |                                             \
		(VISIBLE(c) && (c) != '#' ? BYTE_QUERY : 0) | (DIGIT(c) || ALPHA(c) || SAFE(c) ? BYTE_HOST : 0) |      \
		(DIGIT(c) ? BYTE_DIGIT : 0))

#define ROW4(c)	 CLASSES(c), CLASSES((c) + 1), CLASSES((c) + 2), CLASSES((c) + 3)
#define ROW16(c) ROW4(c), ROW4((c) + 4), ROW4((c) + 8), ROW4((c) + 12)
#define ROW64(c) ROW16(c), ROW16((c) + 16), ROW16((c) + 32), ROW16((c) + 48)

const uint8_t http_bytes[256] = {ROW64(0), ROW64(64), ROW64(128), ROW64(192)};
