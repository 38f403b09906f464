/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every section, type and option of the DNA: parser, defaults, messages and `cellctl check --options` come from it. */
#ifndef CELLWS_DNA_TABLE_H
#define CELLWS_DNA_TABLE_H

/* X(ID, "name", PARENT, titled): a section stands inside PARENT; TOP is the file itself. Names are unique. */
#define DNA_SECTIONS(X)                                                                                                \
	X(TOP, "", TOP, 0)                                                                                             \
	X(ROUTE, "route", TOP, 1)                                                                                      \
	X(CELLS, "cells", TOP, 0)                                                                                      \
	X(STEM, "stem", CELLS, 0)                                                                                      \
	X(BLOOD, "blood", CELLS, 0)                                                                                    \
	X(DRONE, "drone", CELLS, 0)                                                                                    \
	X(LIMITS, "limits", TOP, 0)                                                                                    \
	X(TIMEOUTS, "timeouts", TOP, 0)                                                                                \
	X(IMMUNE, "immune", TOP, 0)

/*
 * X(TYPE, reader, "name", list, "before", "after"): allowed reads: before, MIN to MAX UNIT of the option, after.
 * The range of a text is its length in bytes, that of a list the number of its elements.
 */
#define DNA_TYPES(X)                                                                                                   \
	X(NAME, name, "name", 0, "a name of ", ": a-z, 0-9 and '-', not beginning with '-'")                           \
	X(TEXT, text, "text", 0, "text of ", "")                                                                       \
	X(FILENAME, filename, "file name", 0, "a file name of ", ", without '/'")                                      \
	X(PATH, path, "path", 0, "a path of ", "; a relative one begins at the directory of the DNA")                  \
	X(GENE, gene, "gene", 0, "\"static\" or the path of a shared object (NAME.so) of ", "")                        \
	X(COUNT, count, "number", 0, "a whole number from ", "")                                                       \
	X(SIZE, size, "size", 0, "a size from ", ", plain or with K, M or G")                                          \
	X(DURATION, duration, "duration", 0, "a duration from ", " with its unit: ms, s, m or h")                      \
	X(ADDRESSES, address, "addresses", 1, "", ", as in \"0.0.0.0:8080\" or \"[::]:8080\", port 1 to 65535")        \
	X(PREFIXES, prefix, "prefixes", 1, "", ", as in \"10.0.0.0/8\", \"2001:db8::/32\" or a single address")

#define DNA_SECOND 1000
#define DNA_HOUR   (3600 * DNA_SECOND)
#define DNA_KIB	   1024
#define DNA_MIB	   (1024 * DNA_KIB)

/*
 * X(SECTION, name, TYPE, min, max, default, "unit", record, field, "help"): sizes in bytes, durations in milliseconds.
 * default is written as in the DNA, a list as its elements with blanks between; NULL: the option must be given.
 * record and field: the place in user/dna/dna.h; options of a route lie in struct dna_route.
 */
#define DNA_OPTIONS(X)                                                                                                 \
	X(TOP, organism, NAME, 1, DNA_NAME_MAX - 1, "cellws", "bytes", dna, organism,                                  \
		"name of the organism: its pins and its control socket are found by it")                               \
	X(TOP, listen, ADDRESSES, 1, DNA_LISTEN_MAX, "0.0.0.0:8080 [::]:8080", "addresses", dna, listen,               \
		"addresses and ports that are served")                                                                 \
	X(TOP, user, TEXT, 1, DNA_NAME_MAX - 1, "nobody", "bytes", dna, user,                                          \
		"user that every cell runs as; not root")                                                              \
	X(ROUTE, gene, GENE, 1, DNA_PATH_MAX - 1, NULL, "bytes", dna_route, gene,                                      \
		"what answers: files (\"static\") or a shared object")                                                 \
	X(ROUTE, root, PATH, 1, DNA_PATH_MAX - 1, "", "bytes", dna_route, root,                                        \
		"directory of the files; for \"static\" only, and needed there")                                       \
	X(ROUTE, args, TEXT, 0, DNA_TEXT_MAX - 1, "", "bytes", dna_route, args,                                        \
		"text that is given to the gene when it is loaded")                                                    \
	X(ROUTE, index, FILENAME, 1, 63, "index.html", "bytes", dna_route, index, "file that answers for a directory") \
	X(ROUTE, deadline, DURATION, 10, DNA_HOUR, "30s", "", dna_route, deadline_ms,                                  \
		"a request that takes longer is given up")                                                             \
	X(STEM, min, COUNT, 1, 16, "3", "cells", dna, stem_min, "idle cells kept ready to become any other")           \
	X(BLOOD, min, COUNT, 1, 8, "1", "cells", dna, blood_min, "least cells that own client connections")            \
	X(BLOOD, max, COUNT, 1, 8, "2", "cells", dna, blood_max, "most cells that own client connections")             \
	X(DRONE, min, COUNT, 1, 64, "1", "cells", dna, drone_min, "least cells that run genes")                        \
	X(DRONE, max, COUNT, 1, 64, "8", "cells", dna, drone_max, "most cells that run genes")                         \
	X(LIMITS, connections, COUNT, 16, 1048576, "16384", "connections", dna, connections,                           \
		"most client connections that are open at a time")                                                     \
	X(LIMITS, line, SIZE, 256, 32 * DNA_KIB, "8K", "bytes", dna, line_bytes,                                       \
		"longest request line and longest header line")                                                        \
	X(LIMITS, head, SIZE, DNA_KIB, 60000, "16K", "bytes", dna, head_bytes,                                         \
		"longest request head: request line and all headers")                                                  \
	X(LIMITS, body, SIZE, 0, 4095LL * DNA_MIB, "1M", "bytes", dna, body_bytes, "longest request body")               \
	X(TIMEOUTS, head, DURATION, 10, DNA_HOUR, "10s", "", dna, head_ms, "for a whole request head to arrive")       \
	X(TIMEOUTS, body, DURATION, 10, DNA_HOUR, "10s", "", dna, body_ms, "between two pieces of a request body")     \
	X(TIMEOUTS, idle, DURATION, 10, DNA_HOUR, "60s", "", dna, idle_ms, "an open connection without a request")     \
	X(TIMEOUTS, send, DURATION, 10, DNA_HOUR, "10s", "", dna, send_ms,                                             \
		"a client that takes nothing of a response")                                                           \
	X(TIMEOUTS, queue, DURATION, 10, DNA_HOUR, "10s", "", dna, queue_ms, "a request that waits for a drone")       \
	X(TIMEOUTS, drain, DURATION, 10, DNA_HOUR, "10s", "", dna, drain_ms, "for open requests to end after `down`")  \
	X(IMMUNE, allow, PREFIXES, 0, DNA_ALLOW_MAX, "", "prefixes", dna, allow, "sources that are never banned")      \
	X(IMMUNE, requests_per_second, COUNT, 0, 1000000, "0", "requests", dna, requests_per_second,                   \
		"most requests per second and source address (IPv6: /64); 0 is off")                                   \
	X(IMMUNE, antibodies, COUNT, 16, 16777216, "131072", "bans", dna, antibodies,                                  \
		"most bans of one kind: IPv4 addresses, IPv6 /64s, prefixes")

/* X(LOW, HIGH): an option whose value may not be above that of another, by SECTION_name. */
#define DNA_ORDERED(X)                                                                                                 \
	X(BLOOD_min, BLOOD_max)                                                                                        \
	X(DRONE_min, DRONE_max)                                                                                        \
	X(LIMITS_line, LIMITS_head)

#endif
