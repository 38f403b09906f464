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
	X(IMMUNE, "immune", TOP, 0)                                                                                    \
	X(SIGNATURE, "signature", IMMUNE, 1)                                                                           \
	X(WEIGHTS, "weights", IMMUNE, 0)                                                                               \
	X(HORMONES, "hormones", TOP, 0)                                                                                \
	X(POTENCY, "potency", HORMONES, 0)                                                                             \
	X(HEALTH, "health", TOP, 0)                                                                                    \
	X(LINK, "link", TOP, 0)

/*
 * X(TYPE, reader, "name", list, "before", "after"): allowed reads: before, MIN to MAX UNIT of the option, after.
 * The range of a text is its length in bytes, that of a list the number of its elements; before names all words there are.
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
	X(FRACTION, fraction, "fraction", 0, "a fraction from ", ", as in 0.5, with at most 4 decimals")               \
	X(ADDRESSES, address, "addresses", 1, "", ", as in \"0.0.0.0:8080\" or \"[::]:8080\", port 1 to 65535")        \
	X(ENDPOINT, endpoint, "address", 0, "", " of an address, as in \"0.0.0.0:7946\" or \"[::]:7946\", port 1 to 65535") \
	X(TRAPS, trap, "paths", 1, "", ", each a path of 2 to 127 bytes that begins with '/'")                         \
	X(PROXY, proxy, "word", 0, "\"off\", \"optional\" or \"required\"", "")                                     \
	X(REFUSAL, refusal, "word", 0, "\"answer\" or \"close\"", "")                                          \
	X(PREFIXES, prefix, "prefixes", 1, "", ", as in \"10.0.0.0/8\", \"2001:db8::/32\" or a single address")

#define DNA_SECOND 1000
#define DNA_HOUR   (3600 * DNA_SECOND)
#define DNA_KIB	   1024
#define DNA_MIB	   (1024 * DNA_KIB)
#define DNA_GIB	   (1024LL * DNA_MIB)
#define DNA_ONE	   65536 /* the fraction 1 */

/* Of the option immune.memory; cellctl puts the organism's name in, and the run directory when that is another one. */
#define DNA_MEMORY_DEFAULT "/var/lib/cellws/NAME/memory.db"

/*
 * X(SECTION, name, TYPE, min, max, default, "unit", record, field, "help"): sizes in bytes, durations in milliseconds,
 * fractions in parts of DNA_ONE.
 * default is written as in the DNA, a list as its elements with blanks between; NULL: the option must be given.
 * record and field: the place in user/dna/dna.h; options of a route lie in struct dna_route.
 */
#define DNA_OPTIONS(X)                                                                                                 \
	X(TOP, organism, NAME, 1, DNA_NAME_MAX - 1, "cellws", "bytes", dna, organism,                                  \
		"name of the organism: its pins and its run directory are found by it")                               \
	X(TOP, listen, ADDRESSES, 1, DNA_LISTEN_MAX, "0.0.0.0:8080 [::]:8080", "addresses", dna, listen,               \
		"addresses and ports that are served")                                                                 \
	X(TOP, user, TEXT, 1, DNA_NAME_MAX - 1, "nobody", "bytes", dna, user,                                          \
		"user that every cell runs as; not root")                                                              \
	X(TOP, key, PATH, 1, DNA_PATH_MAX - 1, "", "bytes", dna, key,                                                  \
		"file of the secret key, from `cellctl keygen`; without one a key is made for this life")              \
	X(ROUTE, gene, GENE, 1, DNA_PATH_MAX - 1, NULL, "bytes", dna_route, gene,                                      \
		"what answers: files (\"static\") or a shared object")                                                 \
	X(ROUTE, root, PATH, 1, DNA_PATH_MAX - 1, "", "bytes", dna_route, root,                                        \
		"directory of the files; for \"static\" only, and needed there")                                       \
	X(ROUTE, args, TEXT, 0, DNA_TEXT_MAX - 1, "", "bytes", dna_route, args,                                        \
		"text that is given to the gene when it is loaded")                                                    \
	X(ROUTE, index, FILENAME, 1, 63, "index.html", "bytes", dna_route, index, "file that answers for a directory") \
	X(ROUTE, deadline, DURATION, 10, DNA_HOUR, "30s", "", dna_route, deadline_ms,                                  \
		"a request that takes longer is given up")                                                             \
	X(ROUTE, carry, COUNT, 0, 1, "0", "", dna_route, carry,                                                        \
		"1: `reproduce` sends the files below root along; 0: they are on the new host, under the same name")   \
	X(CELLS, max, COUNT, 4, 128, "128", "cells", dna, cells_max, "most cells of all classes together")             \
	X(CELLS, memory, SIZE, 0, 64 * DNA_GIB, "0", "bytes", dna, cells_memory_bytes,                                 \
		"memory of all cells beyond which none is added; 0 is no limit")                                       \
	X(CELLS, priority, COUNT, 0, 20, "3", "steps", dna, priority,                                                 \
		"steps of nice by which cells, but for drones, go before other programs of the host")                  \
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
	X(IMMUNE, trusted_proxies, PREFIXES, 0, DNA_PROXIES_MAX, "", "prefixes", dna, trusted,                         \
		"load balancers that are believed about their clients; never banned")                                  \
	X(IMMUNE, proxy_protocol, PROXY, 3, 8, "off", "bytes", dna, proxy_protocol,                                    \
		"whether trusted proxies begin a connection with a PROXY header: off, optional or required")           \
	X(IMMUNE, requests_per_second, COUNT, 0, 1000000, "0", "requests", dna, requests_per_second,                   \
		"most requests per second and source address (IPv6: /64); 0 is off")                                   \
	X(IMMUNE, syn_rate, COUNT, 0, 10000000, "20000", "SYNs", dna, syn_rate,                                        \
		"most connections that a source (IPv6: /64) may open in a second; more are dropped; 0 is off")         \
	X(IMMUNE, packet_rate, COUNT, 0, 10000000, "500000", "packets", dna, packet_rate,                                   \
		"most packets that a source (IPv6: /64) may send in a second; more are dropped; 0 is off")             \
	X(IMMUNE, cookie_rate, COUNT, 0, 10000000, "20000", "SYNs", dna, cookie_rate,                                  \
		"SYNs, or packets of no connection, to one port in a second that are a flood; 0 is off")               \
	X(IMMUNE, antibodies, COUNT, 16, 16777216, "131072", "bans", dna, antibodies,                                  \
		"most bans of one kind: IPv4 addresses, IPv6 /64s, prefixes")                                          \
	X(IMMUNE, trap, TRAPS, 0, DNA_TRAPS_MAX, "", "paths", dna, trap,                                               \
		"paths that only attackers ask for; answered 403")                                                     \
	X(IMMUNE, ban_at, COUNT, 1, 1000000, "100", "points", dna, ban_at,                                             \
		"a source is banned when the weights of what it did reach this sum")                                   \
	X(IMMUNE, half_life, DURATION, 1000, 24 * DNA_HOUR, "60s", "", dna, score_half_life_ms,                        \
		"after this time half of what stands against a source counts")                                         \
	X(IMMUNE, ban_time, DURATION, 1000, 720LL * DNA_HOUR, "10m", "", dna, ban_ms,                                  \
		"length of a first ban; each further one of a source is twice as long")                                \
	X(IMMUNE, ban_max, DURATION, 1000, 720LL * DNA_HOUR, "24h", "", dna, ban_max_ms, "longest ban")                \
	X(IMMUNE, bans_per_minute, COUNT, 0, 1000000, "1000", "bans", dna, bans_per_minute,                            \
		"most bans the organism decides on itself; beyond it only observes")                                   \
	X(IMMUNE, alarm_at, COUNT, 1, 1000000, "50", "pieces", dna, alarm_at,                                          \
		"evidence in a second that is an attack: the organism is stricter until it is over")                   \
	X(IMMUNE, widen, COUNT, 0, 256, "16", "sources", dna, widen,                                                   \
		"banned sources in a /24 (IPv6: /64s in a /56) for which all of it is banned; 0: never")               \
	X(IMMUNE, widest, COUNT, 16, 32, "16", "bits", dna, widest_v4,                                                 \
		"widest IPv4 prefix that is banned so: 16, 24, or 32 for none")                                        \
	X(IMMUNE, widest_ipv6, COUNT, 48, 64, "48", "bits", dna, widest_v6,                                            \
		"the same for IPv6: 48, 56, or 64 for none")                                                           \
	X(IMMUNE, observe, COUNT, 0, 1, "0", "", dna, observe, "1: nothing is dropped, refused or banned, only counted") \
	X(IMMUNE, bad_per_second, COUNT, 1, 100000, "5", "requests", dna, bad_per_second,                              \
		"malformed requests in a second and source that do not count against it")                              \
	X(IMMUNE, missing_per_second, COUNT, 1, 100000, "20", "answers", dna, missing_per_second,                      \
		"answers 401 and 404 in a second and source that do not count against it; a missing path counts once") \
	X(IMMUNE, connections_per_source, COUNT, 0, 1000000, "0", "connections", dna, connections_per_source,          \
		"most connections that a source (IPv6: /64) may have open; more are reset; 0 is off")                  \
	X(IMMUNE, refuse, REFUSAL, 5, 6, "answer", "bytes", dna, refuse,                                               \
		"what becomes of a request that is an attack or one too many: answered 403 or 429, or its connection reset") \
	X(SIGNATURE, match, TEXT, 2, DNA_MATCH_MAX - 1, NULL, "bytes", dna_signature, match,                           \
		"text of an attack, looked for in a request's head and in its body's first part")                      \
	X(WEIGHTS, traps, COUNT, 0, 1000000, "100", "points", dna, weight_trap, "of asking for a trap")                \
	X(WEIGHTS, signatures, COUNT, 0, 1000000, "100", "points", dna, weight_signature, "of a known attack")         \
	X(WEIGHTS, pathogens, COUNT, 0, 1000000, "50", "points", dna, weight_pathogen,                                 \
		"of a request that is known to kill drones")                                                           \
	X(WEIGHTS, bad_requests, COUNT, 0, 1000000, "5", "points", dna, weight_bad_request,                            \
		"of a malformed request beyond bad_per_second")                                                        \
	X(WEIGHTS, missing, COUNT, 0, 1000000, "2", "points", dna, weight_missing,                                     \
		"of an answer 401, 403 or 404 beyond missing_per_second")                                              \
	X(WEIGHTS, rate, COUNT, 0, 1000000, "1", "points", dna, weight_rate,                                           \
		"of a request beyond requests_per_second")                                                             \
	X(WEIGHTS, slow, COUNT, 0, 1000000, "5", "points", dna, weight_slow,                                           \
		"of a request or an answer that stood still for too long")                                             \
	X(WEIGHTS, foreign, COUNT, 0, 1000000, "40", "points", dna, weight_foreign,                                    \
		"of a call to the port of links that does not prove the key")                                          \
	X(IMMUNE, report_syslog, COUNT, 0, 1, "0", "", dna, report_syslog, "1: incidents go to the system log")        \
	X(IMMUNE, report_program, TEXT, 0, DNA_TEXT_MAX - 1, "", "bytes", dna, report_program,                         \
		"program (absolute path, arguments) that is given a line of JSON for each incident")                   \
	X(IMMUNE, report_user, TEXT, 0, DNA_NAME_MAX - 1, "", "bytes", dna, report_user,                               \
		"user of that program and of what feeds it; \"\" is that of the cells")                                \
	X(IMMUNE, memory, PATH, 0, DNA_PATH_MAX - 1, DNA_MEMORY_DEFAULT, "bytes", dna, memory,                         \
		"file of what is remembered over restarts; NAME is the organism's; \"\" remembers nothing")           \
	X(HORMONES, attenuation, FRACTION, 0, DNA_ONE, "0.5", "", dna, hormone_attenuation_q16,                        \
		"what is left of a signal's strength when a cell passes it on")                                        \
	X(HORMONES, host_attenuation, FRACTION, 0, DNA_ONE, "0.5", "", dna, hormone_host_attenuation_q16,              \
		"what is left of a signal's strength when it comes from another host; all of them together are no louder") \
	X(HORMONES, floor, FRACTION, 0, DNA_ONE, "0.01", "", dna, hormone_floor_q16,                                   \
		"a signal weaker than this is not passed on")                                                          \
	X(HORMONES, hops, COUNT, 1, 16, "6", "cells", dna, hormone_hops, "how far a signal goes from cell to cell")    \
	X(HORMONES, half_life, DURATION, 100, DNA_HOUR, "2s", "", dna, hormone_half_life_ms,                           \
		"after this time half of what a cell has heard is left")                                               \
	X(HORMONES, divide, FRACTION, 0, DNA_ONE, "0.6", "", dna, hormone_divide_q16,                                  \
		"growth less antigrowth above which a cell may divide")                                                \
	X(HORMONES, die, FRACTION, 0, DNA_ONE, "0.2", "", dna, hormone_die_q16,                                        \
		"growth less antigrowth below which a cell may leave")                                                 \
	X(HORMONES, refractory, DURATION, 10, DNA_HOUR, "500ms", "", dna, hormone_refractory_ms,                       \
		"rest of a cell between two divisions, and of a newborn before its first")                             \
	X(HORMONES, rate, COUNT, 1, 1000, "50", "signals", dna, hormone_rate,                                          \
		"most signals a cell may send in a second")                                                            \
	X(HORMONES, queue, DURATION, 1, 10 * DNA_SECOND, "10ms", "", dna, hormone_queue_ms,                            \
		"a request that waits longer than this for a drone calls for more of them")                            \
	X(POTENCY, neuron, FRACTION, 0, DNA_ONE, "1.0", "", dna, cap_neuron_q16, "strongest signal of a neuron")       \
	X(POTENCY, blood, FRACTION, 0, DNA_ONE, "1.0", "", dna, cap_blood_q16, "strongest signal of a blood cell")     \
	X(POTENCY, drone, FRACTION, 0, DNA_ONE, "0.5", "", dna, cap_drone_q16, "strongest signal of a drone")          \
	X(POTENCY, stem, FRACTION, 0, DNA_ONE, "0.1", "", dna, cap_stem_q16, "strongest signal of a stem cell")        \
	X(POTENCY, tcell, FRACTION, 0, DNA_ONE, "1.0", "", dna, cap_tcell_q16, "strongest signal of a T cell")         \
	X(POTENCY, gamete, FRACTION, 0, DNA_ONE, "0.1", "", dna, cap_gamete_q16, "strongest signal of a gamete")       \
	X(HEALTH, prompt, DURATION, 100, DNA_HOUR, "2s", "", dna, health_prompt_ms,                                    \
		"mean time between two questions to a cell for its proof of the key")                                  \
	X(HEALTH, answer, DURATION, 50, 60 * DNA_SECOND, "3s", "", dna, health_answer_ms,                              \
		"a proof that takes longer is overdue")                                                                \
	X(HEALTH, ballot, DURATION, 100, DNA_HOUR, "5s", "", dna, health_ballot_ms, "a vote counts for this long")     \
	X(HEALTH, memory, SIZE, 0, 64 * DNA_GIB, "0", "bytes", dna, health_memory_bytes,                               \
		"most memory of one cell; 0 is no limit")                                                              \
	X(LINK, previous_key, DURATION, 0, 720LL * DNA_HOUR, "24h", "", dna, link_previous_key_ms,                     \
		"hosts that trust a key accept the one that `key rotate` puts in its place for so long")               \
	X(LINK, carry_most, SIZE, DNA_KIB, 256LL * DNA_MIB, "64M", "bytes", dna, carry_most_bytes,                     \
		"most that the files of a root with carry = 1 may take in a spore")                                    \
	X(LINK, listen, ENDPOINT, 0, 63, "", "bytes", dna, link,                                                       \
		"address and port where copies on other hosts link to this one; \"\": no links")

/* X(LOW, HIGH): an option whose value may not be above that of another, by SECTION_name. */
#define DNA_ORDERED(X)                                                                                                 \
	X(BLOOD_min, BLOOD_max)                                                                                        \
	X(DRONE_min, DRONE_max)                                                                                        \
	X(LIMITS_line, LIMITS_head)                                                                                    \
	X(IMMUNE_ban_time, IMMUNE_ban_max)                                                                             \
	X(HORMONES_die, HORMONES_divide)

/*
 * X(OPTION, when, "why"): an option, by SECTION_name, that a living organism cannot change, `cellctl mutate` refuses it; when
 * is ALWAYS, or FROM_ZERO where it is only that what was 0 at `up` stays 0. Every other option takes effect at once.
 */
#define DNA_FIXED(X)                                                                                                   \
	X(TOP_organism, ALWAYS, "everything of the organism is found by its name")                                     \
	X(TOP_listen, ALWAYS, "addresses are bound once, by root")                                                     \
	X(TOP_user, ALWAYS, "cells gave up every other user for good")                                                 \
	X(TOP_key, ALWAYS, "cells prove themselves with the key they were born with")                                  \
	X(CELLS_max, ALWAYS, "places of cells are made at the start")                                                  \
	X(CELLS_priority, ALWAYS, "root gives it to all cells at the start")                                           \
	X(STEM_min, ALWAYS, "places of cells are made at the start")                                                   \
	X(BLOOD_max, ALWAYS, "listeners of cells that own connections are made at the start")                          \
	X(DRONE_max, ALWAYS, "places of cells are made at the start")                                                  \
	X(LIMITS_connections, ALWAYS, "records of connections are in memory that all cells share from birth")          \
	X(IMMUNE_antibodies, ALWAYS, "the lists of bans have their size from the start")                               \
	X(IMMUNE_cookie_rate, FROM_ZERO, "what answers floods is proved and set up at the start")                      \
	X(IMMUNE_report_syslog, ALWAYS, "who tells of incidents is a process that root starts")                        \
	X(IMMUNE_report_program, ALWAYS, "who tells of incidents is a process that root starts")                       \
	X(IMMUNE_report_user, ALWAYS, "who tells of incidents is a process that root starts")                          \
	X(IMMUNE_memory, ALWAYS, "its directory is all that cells may write to")                                       \
	X(LINK_listen, ALWAYS, "addresses are bound once, by root")

/* X(OPTION): what is each host's own: a DNA that comes from another host leaves it as it is. All of them are fixed. */
#define DNA_OWN(X)                                                                                                     \
	X(TOP_listen)                                                                                                  \
	X(TOP_user)                                                                                                    \
	X(TOP_key)                                                                                                     \
	X(IMMUNE_report_syslog)                                                                                        \
	X(IMMUNE_report_program)                                                                                       \
	X(IMMUNE_report_user)                                                                                          \
	X(IMMUNE_memory)                                                                                               \
	X(LINK_listen)

#endif
