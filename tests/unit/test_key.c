/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The organism's key: text form, file rules, shared memory that nobody can change, proofs with fixed vectors. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tissue/key.h"

#define TEXT "cellws-key-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"

static const uint8_t counting[KEY_BYTES] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
	23, 24, 25, 26, 27, 28, 29, 30, 31 };

static char directory[] = "/tmp/cellws-key-XXXXXX";
static char file[64];

static void put(const char *text, mode_t mode)
{
	FILE *f = fopen(file, "we");

	cr_assert(f && fputs(text, f) >= 0 && !fclose(f) && !chmod(file, mode));
}

static void open_directory(void)
{
	cr_assert(mkdtemp(directory));
	snprintf(file, sizeof(file), "%s/key", directory);
}

static void close_directory(void)
{
	unlink(file);
	rmdir(file);
	rmdir(directory);
}

TestSuite(key, .init = open_directory, .fini = close_directory, .timeout = 20);

Test(key, text_form)
{
	char text[KEY_TEXT_BYTES + 1];
	uint8_t key[KEY_BYTES];

	key_write(counting, text);
	cr_expect_str_eq(text, TEXT);
	cr_expect(!key_read(TEXT, strlen(TEXT), key) && !memcmp(key, counting, KEY_BYTES));
}

Test(key, other_text_is_refused)
{
	static const char *const bad[] = { "", "\n", "cellws-key-2 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
		"cellws-key-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= ", TEXT "\n",
		"cellws-key-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n\n",
		"cellws-key-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8x\n",
		"cellws-key-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
		"cellws-key-1 AAECAwQFBgcICQoLDA0OD*AREhMUFRYXGBkaGxwdHh8=\n" };
	uint8_t key[KEY_BYTES];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(key_read(bad[i], strlen(bad[i]), key), -EINVAL, "taken: %s", bad[i]);
}

Test(key, a_file_for_its_owner_is_read)
{
	uint8_t key[KEY_BYTES] = { 0 };
	const char *why = NULL;

	put(TEXT, 0600);
	cr_expect_eq(key_load(file, key, &why), 0, "%s", why);
	cr_expect_arr_eq(key, counting, KEY_BYTES);
	put(TEXT, 0600);
	cr_assert_eq(chmod(file, 0400), 0);
	cr_expect_eq(key_load(file, key, &why), 0, "%s", why);
}

static void expect_refused(int code, const char *text)
{
	uint8_t key[KEY_BYTES];
	const char *why = "";

	cr_expect_eq(key_load(file, key, &why), code, "%s", why);
	cr_expect(strstr(why, text), "says \"%s\", not \"%s\"", why, text);
}

Test(key, a_file_that_others_may_reach_is_refused)
{
	static const mode_t open[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666 };

	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++) {
		put(TEXT, open[i]);
		expect_refused(-EPERM, "chmod 600");
	}
}

Test(key, a_file_of_another_user_is_refused)
{
	put(TEXT, 0600);
	if (geteuid())
		cr_skip_test("only root can give a file away");
	cr_assert_eq(chown(file, 65534, 65534), 0);
	expect_refused(-EPERM, "chown root");
}

Test(key, what_is_no_file_with_a_key_is_refused)
{
	expect_refused(-ENOENT, "does not exist");
	cr_assert_eq(mkdir(file, 0700), 0);
	expect_refused(-EINVAL, "no regular file");
	rmdir(file);
	cr_assert_eq(mkfifo(file, 0600), 0);
	expect_refused(-EINVAL, "no regular file");
	unlink(file);
	cr_assert_eq(symlink("/etc/passwd", file), 0);
	expect_refused(-ELOOP, "link");
	unlink(file);
	put("", 0600);
	expect_refused(-EINVAL, "holds no key");
	put("-----BEGIN PRIVATE KEY-----\n", 0600);
	expect_refused(-EINVAL, "holds no key");
}

Test(key, each_made_key_is_another)
{
	uint8_t a[KEY_BYTES] = { 0 }, b[KEY_BYTES] = { 0 };

	cr_expect(!key_make(a) && !key_make(b) && memcmp(a, b, KEY_BYTES) != 0);
}

Test(key, memory_is_shared_and_cannot_be_changed)
{
	int fd = key_memfd(counting);
	const uint8_t *key;

	cr_assert_geq(fd, 0);
	cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	key = key_map(fd);
	cr_assert(key, "%s", strerror(errno));
	close(fd);
	cr_expect_arr_eq(key, counting, KEY_BYTES);
	cr_expect_eq(mprotect((void *)(uintptr_t)key, KEY_BYTES, PROT_READ | PROT_WRITE), -1, "the key can be made writable");
	cr_expect_eq(key_lock(key), 0);
}

/* A host that lets a user lock no memory gives him no secret memory either. */
Test(key, without_secret_memory_the_file_is_sealed)
{
	struct rlimit none = { 0 }, was;
	const uint8_t *key;
	int fd;

	if (geteuid())
		cr_skip_test("only root can become a user who may lock nothing");
	cr_assert(!getrlimit(RLIMIT_MEMLOCK, &was));
	none.rlim_max = was.rlim_max;
	cr_assert(!setrlimit(RLIMIT_MEMLOCK, &none) && !seteuid(65534));
	fd = key_memfd(counting);
	cr_assert(!seteuid(0) && !setrlimit(RLIMIT_MEMLOCK, &was));
	cr_assert_geq(fd, 0);
	cr_expect((fcntl(fd, F_GET_SEALS) & (F_SEAL_WRITE | F_SEAL_SEAL)) == (F_SEAL_WRITE | F_SEAL_SEAL), "it is not sealed");
	cr_expect_eq(mmap(NULL, KEY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	key = key_map(fd);
	cr_assert(key, "%s", strerror(errno));
	cr_expect_arr_eq(key, counting, KEY_BYTES);
}

/* What a newborn gets: the mapping, without a descriptor. */
Test(key, memory_outlives_fork)
{
	int fd = key_memfd(counting), status = 0;
	const uint8_t *key = key_map(fd);
	pid_t child;

	cr_assert(key);
	close(fd);
	child = fork();
	if (!child)
		_exit(key_lock(key) || memcmp(key, counting, KEY_BYTES) ? 1 : 0);
	cr_expect(waitpid(child, &status, 0) == child && WIFEXITED(status) && !WEXITSTATUS(status), "status %#x", status);
}

Test(key, what_holds_no_key_is_not_mapped)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	cr_expect_null(key_map(fd));
	close(fd);
	cr_expect_null(key_map(-1));
}

/* From Python's hashlib.blake2b(digest_size=16, key=...) over the layout of the header. */
Test(key, proofs_have_fixed_values)
{
	static const uint8_t zero[KEY_BYTES];
	static const __u64 none[2], nonce[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };
	static const uint8_t of_zero[PROOF_BYTES] = { 0x6b, 0x27, 0x1b, 0x38, 0x24, 0xd9, 0xfb, 0x12, 0x86, 0x4b, 0xaa, 0x4e, 0x28, 0xd2, 0x6a, 0x42 };
	static const uint8_t of_counting[PROOF_BYTES] = { 0x39, 0xa6, 0x74, 0xee, 0x84, 0xb6, 0x26, 0xee, 0x97, 0xc0, 0x2e, 0x30, 0xf6, 0xb0, 0x0d, 0xd3 };
	uint8_t mac[PROOF_BYTES];

	key_mac(mac, zero, none, 0, 0, 0);
	cr_expect_arr_eq(mac, of_zero, PROOF_BYTES);
	key_mac(mac, counting, nonce, 7, 4242, 123456789012345);
	cr_expect_arr_eq(mac, of_counting, PROOF_BYTES);
}

Test(key, a_proof_is_bound_to_everything_it_names)
{
	static const __u64 nonce[2] = { 1, 2 }, swapped[2] = { 2, 1 };
	uint8_t other[KEY_BYTES] = { 9 }, mac[PROOF_BYTES];

	key_mac(mac, counting, nonce, 3, 4, 5);
	cr_expect(key_mac_is(mac, counting, nonce, 3, 4, 5));
	cr_expect(!key_mac_is(mac, other, nonce, 3, 4, 5));
	cr_expect(!key_mac_is(mac, counting, swapped, 3, 4, 5));
	cr_expect(!key_mac_is(mac, counting, nonce, 4, 3, 5));
	cr_expect(!key_mac_is(mac, counting, nonce, 3, 5, 5));
	cr_expect(!key_mac_is(mac, counting, nonce, 3, 4, 6));
	for (unsigned bit = 0; bit < 8 * PROOF_BYTES; bit++) {
		mac[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect(!key_mac_is(mac, counting, nonce, 3, 4, 5), "bit %u does not matter", bit);
		mac[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static struct key_ring ring, got;

Test(key, a_ring_has_key_and_pair)
{
	char text[KEY_RING_TEXT_BYTES + 1];

	cr_assert_eq(key_ring_make(&ring), 0);
	key_ring_write(&ring, text);
	cr_expect_eq(strlen(text), KEY_RING_TEXT_BYTES);
	cr_expect(!key_ring_read(text, strlen(text), &got) && !memcmp(got.cell, ring.cell, KEY_BYTES));
	cr_expect(!memcmp(&got.identity.credential, &ring.identity.credential, 32) && got.identity.credential.generation == 1);
	/* Older files have the key alone. */
	cr_expect(!key_ring_read(text, KEY_TEXT_BYTES, &got) && !got.identity.credential.generation);
	for (size_t n = 0; n < KEY_RING_TEXT_BYTES; n++)
		cr_expect(n == KEY_TEXT_BYTES || key_ring_read(text, n, &got) == -EINVAL, "%zu bytes are taken", n);
}

Test(key, a_pair_whose_halves_do_not_belong_together)
{
	char text[KEY_RING_TEXT_BYTES + 1];

	cr_assert_eq(key_ring_make(&ring), 0);
	ring.identity.seed[0] ^= 1;
	key_ring_write(&ring, text);
	cr_expect_eq(key_ring_read(text, strlen(text), &got), -EINVAL);
}

Test(key, rotation_replaces_the_file_whole)
{
	const char *why = NULL;
	char beside[80];
	struct stat st;

	cr_assert(!key_ring_make(&ring) && !key_ring_store(file, &ring));
	cr_expect_eq(key_ring_store(file, &ring), -EEXIST);
	cr_assert(!key_ring_rotate(&ring, 1000) && !key_ring_replace(file, &ring));
	cr_assert_eq(key_ring_load(file, &got, &why), 0, "%s", why);
	cr_expect(got.identity.credential.generation == 2 && got.identity.credential.until_s == 1000);
	cr_expect(!memcmp(got.cell, ring.cell, KEY_BYTES) && !stat(file, &st) && (st.st_mode & 07777) == 0600);
	/* What is left of an interrupted one is not written over, and the key stays. */
	snprintf(beside, sizeof(beside), "%s.new", file);
	cr_assert_eq(key_ring_store(beside, &ring), 0);
	cr_assert_eq(key_ring_rotate(&ring, 1000), 0);
	cr_expect_eq(key_ring_replace(file, &ring), -EEXIST);
	cr_expect(!key_ring_load(file, &got, &why) && got.identity.credential.generation == 2);
	unlink(beside);
}

Test(key, an_older_file_gets_its_first_pair_by_rotation)
{
	const char *why = NULL;

	put(TEXT, 0600);
	cr_assert(!key_ring_load(file, &ring, &why) && !key_ring_rotate(&ring, 1000) && !key_ring_replace(file, &ring));
	cr_expect(!key_ring_load(file, &got, &why) && got.identity.credential.generation == 1);
}
