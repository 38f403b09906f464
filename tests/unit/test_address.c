// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Addresses: what is read, refused, masked, compared and turned into keys.
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include "immune/address.h"

static struct address addr(const char *text)
{
	struct address a;

	cr_assert(!address_parse(text, &a, NULL), "%s", text);
	return a;
}

Test(address, a_read_and_written_back)
{
	static const struct {
		const char *text, *back;
		unsigned int notice;
	} good[] = {
		{ "192.0.2.7", "192.0.2.7", 0 },
		{ "192.0.2.7/32", "192.0.2.7", 0 },
		{ "10.0.0.0/8", "10.0.0.0/8", 0 },
		{ "10.1.2.3/8", "10.0.0.0/8", ADDRESS_MASKED },
		{ "192.0.2.255/31", "192.0.2.254/31", ADDRESS_MASKED },
		{ "0.0.0.0/0", "0.0.0.0/0", 0 },
		{ "255.255.255.255/1", "128.0.0.0/1", ADDRESS_MASKED },
		{ "2001:DB8::1", "2001:db8::1", 0 },
		{ "2001:db8::/64", "2001:db8::/64", 0 },
		{ "2001:db8::1/64", "2001:db8::/64", ADDRESS_MASKED },
		{ "2001:db8:ffff::/33", "2001:db8:8000::/33", ADDRESS_MASKED },
		{ "::/0", "::/0", 0 },
		{ "::1", "::1", 0 },
		{ "::ffff:192.0.2.7", "192.0.2.7", ADDRESS_MAPPED },
		{ "::ffff:192.0.2.7/120", "192.0.2.0/24", ADDRESS_MAPPED | ADDRESS_MASKED },
		{ "::ffff:0:0/95", "::fffe:0:0/95", ADDRESS_MASKED },
	};
	char back[ADDRESS_TEXT];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct address a;
		unsigned int notice = 99;

		cr_assert(!address_parse(good[i].text, &a, &notice), "%s", good[i].text);
		cr_expect_str_eq(address_format(&a, back), good[i].back);
		cr_expect(notice == good[i].notice, "%s: notice %u", good[i].text, notice);
	}
}

Test(address, b_refused)
{
	static const char *const bad[] = { "", "/", "/8", "10", "10.0.0", "10.0.0.0.0", "256.0.0.1", "10.0.0.1/",
		"10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/+8", "10.0.0.1/08", "10.0.0.1/8 ", " 10.0.0.1", "10.0.0.1 ",
		"10.0.0.1/8/8", "10.0.0.1/4294967304", "01.2.3.4", "0x7f.0.0.1", "::g", ":::", "2001:db8::/129", "2001:db8::1%eth0", "example.org", "[::1]",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct address a = { .bits = 77 };

		cr_expect(address_parse(bad[i], &a, NULL) == -EINVAL && a.bits == 77, "\"%s\"", bad[i]);
	}
}

Test(address, c_cover_and_meet)
{
	static const struct {
		const char *outer, *inner;
		bool covers, meets;
	} pairs[] = {
		{ "10.0.0.0/8", "10.255.0.1", true, true },
		{ "10.255.0.1", "10.0.0.0/8", false, true },
		{ "10.0.0.0/8", "11.0.0.0", false, false },
		{ "10.0.0.0/8", "10.0.0.0/8", true, true },
		{ "0.0.0.0/0", "203.0.113.1", true, true },
		{ "0.0.0.0/0", "2001:db8::1", false, false },
		{ "::/0", "2001:db8::1", true, true },
		{ "2001:db8::/33", "2001:db8:8000::", false, false },
		{ "10.0.0.0/8", "a00::/8", false, false },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct address outer = addr(pairs[i].outer), inner = addr(pairs[i].inner);

		cr_expect(address_covers(&outer, &inner) == pairs[i].covers, "%s %s", pairs[i].outer, pairs[i].inner);
		cr_expect(address_meets(&outer, &inner) == pairs[i].meets, "%s %s", pairs[i].outer, pairs[i].inner);
	}
}

Test(address, d_where_a_ban_is_kept)
{
	static const struct {
		const char *text, *ban;
		enum address_kind kind;
	} bans[] = {
		{ "192.0.2.1", "192.0.2.1", ADDRESS_HASH_V4 },
		{ "192.0.2.0/31", "192.0.2.0/31", ADDRESS_TRIE_V4 },
		{ "2001:db8::1", "2001:db8::/64", ADDRESS_HASH_V6 },
		{ "2001:db8:0:0:8000::/65", "2001:db8::/64", ADDRESS_HASH_V6 },
		{ "2001:db8::/64", "2001:db8::/64", ADDRESS_HASH_V6 },
		{ "2001:db8::/63", "2001:db8::/63", ADDRESS_TRIE_V6 },
	};
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < sizeof(bans) / sizeof(*bans); i++) {
		struct address a = addr(bans[i].text), ban = address_of_ban(&a);

		cr_expect_str_eq(address_format(&ban, text), bans[i].ban);
		cr_expect(address_kind(&a) == bans[i].kind && address_kind(&ban) == bans[i].kind, "%s", bans[i].text);
	}
}

Test(address, e_too_wide)
{
	static const char *const wide[] = { "0.0.0.0/0", "::/0", "0.0.0.0/1", "10.0.0.0/7", "2000::/15" };
	static const char *const fine[] = { "10.0.0.0/8", "2001::/16", "192.0.2.1", "::1" };

	for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++) {
		struct address a = addr(wide[i]);

		cr_expect(address_too_wide(&a), "%s", wide[i]);
	}
	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
		struct address a = addr(fine[i]);

		cr_expect(!address_too_wide(&a), "%s", fine[i]);
	}
}

/* The bytes of a key are those that lie in the packet. */
Test(address, f_keys_are_in_network_order)
{
	static const uint8_t v6[8] = { 0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78 };
	struct address a4 = addr("1.2.3.4"), p4 = addr("10.0.0.0/8"), a6 = addr("2001:db8:1234:5678::/64");
	struct prefix_v4 k4;
	struct prefix_v6 k6;
	__u32 v4;
	__u64 half;

	address_key_v4(&a4, &v4);
	cr_expect(!memcmp(&v4, "\1\2\3\4", 4));
	address_key_v6(&a6, &half);
	cr_expect(!memcmp(&half, v6, 8));
	address_key_prefix_v4(&p4, &k4);
	cr_expect(k4.bits == 8 && !memcmp(&k4.addr, "\12\0\0\0", 4));
	address_key_prefix_v6(&a6, &k6);
	cr_expect(k6.bits == 64 && !memcmp(k6.addr, v6, 8));
}

static bool same(struct address a, struct address b)
{
	return !memcmp(&a, &b, sizeof(a));
}

Test(address, g_keys_there_and_back)
{
	struct address a4 = addr("1.2.3.4"), p4 = addr("10.1.0.0/16"), a6 = addr("2001:db8:1234:5678::/64");
	struct prefix_v4 k4;
	struct prefix_v6 k6;
	__u32 v4;
	__u64 half;

	address_key_v4(&a4, &v4);
	address_key_v6(&a6, &half);
	address_key_prefix_v4(&p4, &k4);
	address_key_prefix_v6(&a6, &k6);
	cr_expect(same(address_from_v4(v4), a4));
	cr_expect(same(address_from_v6(half), a6));
	cr_expect(same(address_from_prefix_v4(&k4), p4));
	cr_expect(same(address_from_prefix_v6(&k6), a6));
}

Test(address, h_made_from_bytes)
{
	struct address a;

	cr_expect(!address_make(AF_INET, "\12\1\2\3", 8, &a) && same(a, addr("10.0.0.0/8")));
	cr_expect(address_make(AF_INET, "\12\1\2\3", 33, &a) == -EINVAL);
	cr_expect(address_make(AF_UNIX, "\12\1\2\3", 8, &a) == -EINVAL);
}
