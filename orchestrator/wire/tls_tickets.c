/* tls_tickets: rotation by a timer, on the clock of the date, since keys outlive the process.
 *
 *   file: magic | for the newer, then the older: when it was made (ms since the epoch, 8 bytes, this machine's order) | key
 *
 * Invariant: keys[0] is younger than a life, but for the moment before on_turn; keys[1] is usable where made_ms > 0.
 */
#include "orchestrator/wire/tls_tickets.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/timer.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES 16
#define SECRET_BYTES 32
#define IV_BYTES 16
#define KEYS 2
#define LIFE_MS (TLS_TICKET_LIFE_S * INT64_C(1000))

static const char magic[8] = "tickets1";

struct key {
	int64_t made_ms; /* 0: there is none */
	unsigned char name[NAME_BYTES];
	unsigned char cipher[SECRET_BYTES];
	unsigned char mac[SECRET_BYTES];
};

struct tls_tickets {
	struct key keys[KEYS]; /* the newer first */
	char *path;            /* NULL: they are kept in memory alone */
	struct timer *turn;
};

struct image {
	char magic[sizeof(magic)];
	struct key keys[KEYS];
};

/* --- the file -------------------------------------------------------------------------------------------------- */

static void complain(const char *path, const char *what)
{
	log_warn("event=ticket-keys-not-kept file=%s error=%s consequence=%s", log_quote(path), log_quote(what),
	         log_quote("clients make whole handshakes after a restart"));
}

static bool write_image(int fd, const struct image *image)
{
	errno = ENOSPC; /* what a short write means */
	return write(fd, image, sizeof(*image)) == (ssize_t)sizeof(*image);
}

/* No fsync: after a power cut there is nothing to resume with. */
static void keep(const struct tls_tickets *tickets)
{
	struct image image;
	char *fresh;

	if (tickets->path == NULL)
		return;
	fresh = mem_format("%s.new", tickets->path);
	unlink(fresh);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	memcpy(image.magic, magic, sizeof(magic));
	memcpy(image.keys, tickets->keys, sizeof(image.keys));
	bool ok = fd != -1 && write_image(fd, &image) && rename(fresh, tickets->path) != -1;
	if (!ok) {
		complain(tickets->path, strerror(errno));
		unlink(fresh);
	}
	if (fd != -1)
		close(fd);
	OPENSSL_cleanse(&image, sizeof(image));
	free(fresh);
}

/* Nobody else's keys: who made the file could read what is sealed with them. */
static bool is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) != -1 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

static bool read_image(const char *path, struct image *image)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool ok;

	if (fd == -1) {
		if (errno != ENOENT)
			complain(path, strerror(errno));
		return false;
	}
	ok = is_ours(fd) && read(fd, image, sizeof(*image)) == (ssize_t)sizeof(*image) &&
	     memcmp(image->magic, magic, sizeof(magic)) == 0;
	if (!ok)
		complain(path, "it is not ours, may be read by others, or is damaged");
	close(fd);
	return ok;
}

/* In the second half of its life a key opens only. */
static bool is_usable(const struct key *key, int64_t now_ms)
{
	return key->made_ms > 0 && key->made_ms <= now_ms && now_ms - key->made_ms < 2 * LIFE_MS;
}

static void load(struct tls_tickets *tickets)
{
	struct image image;
	int64_t now_ms = clock_wall_ms();
	int taken = 0;

	if (tickets->path == NULL || !read_image(tickets->path, &image))
		return;
	for (int i = 0; i < KEYS; i++)
		if (is_usable(&image.keys[i], now_ms))
			tickets->keys[taken++] = image.keys[i];
	OPENSSL_cleanse(&image, sizeof(image));
}

/* --- one after the other --------------------------------------------------------------------------------------- */

static void make_key(struct key *key)
{
	key->made_ms = clock_wall_ms();
	if (RAND_bytes(key->name, sizeof(key->name)) != 1 || RAND_priv_bytes(key->cipher, sizeof(key->cipher)) != 1 ||
	    RAND_priv_bytes(key->mac, sizeof(key->mac)) != 1)
		abort(); /* a key that is no secret is worse than no process */
}

static int64_t age_ms(const struct tls_tickets *tickets)
{
	return clock_wall_ms() - tickets->keys[0].made_ms;
}

/* Where the clock was set back, a key may be from the future: it is replaced, too. */
static void turn(struct tls_tickets *tickets)
{
	int64_t age = age_ms(tickets);

	if (tickets->keys[0].made_ms > 0 && age >= 0 && age < LIFE_MS)
		return;
	tickets->keys[1] = tickets->keys[0];
	if (age < 0 || age >= 2 * LIFE_MS)
		tickets->keys[1].made_ms = 0;
	make_key(&tickets->keys[0]);
	keep(tickets);
}

static void on_turn(void *arg)
{
	struct tls_tickets *tickets = arg;

	turn(tickets);
	timer_set(tickets->turn, (LIFE_MS - age_ms(tickets)) * 1000);
}

struct tls_tickets *tls_tickets_new(struct event_base *base, const char *path)
{
	struct tls_tickets *tickets = mem_zero(sizeof(*tickets));

	tickets->path = mem_dup(path);
	tickets->turn = timer_new_of_clients(base, on_turn, tickets);
	load(tickets);
	on_turn(tickets);
	return tickets;
}

void tls_tickets_free(struct tls_tickets *tickets)
{
	if (tickets == NULL)
		return;
	timer_free(tickets->turn);
	OPENSSL_cleanse(tickets->keys, sizeof(tickets->keys));
	free(tickets->path);
	free(tickets);
}

/* --- sealing and opening --------------------------------------------------------------------------------------- */

static bool set_mac(EVP_MAC_CTX *mac, const struct key *key)
{
	unsigned char secret[SECRET_BYTES];
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret, sizeof(secret)),
	                       OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	                       OSSL_PARAM_construct_end()};

	memcpy(secret, key->mac, sizeof(secret));
	bool ok = EVP_MAC_CTX_set_params(mac, params) == 1;
	OPENSSL_cleanse(secret, sizeof(secret));
	return ok;
}

static int seal_with(const struct key *key, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac)
{
	memcpy(name, key->name, NAME_BYTES);
	bool ok = RAND_bytes(iv, IV_BYTES) == 1 &&
	          EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher, iv, NULL) == 1 && set_mac(mac, key);
	return ok ? 1 : -1;
}

/* 2: and the client is to have one of the newer key. */
static int open_with(const struct key *key, int newest, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	if (!set_mac(mac, key) || EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher, iv, NULL) != 1)
		return -1;
	return newest ? 1 : 2;
}

int tls_tickets_use(struct tls_tickets *tickets, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher,
                    EVP_MAC_CTX *mac, int seal)
{
	int64_t now_ms = clock_wall_ms();

	if (seal)
		return seal_with(&tickets->keys[0], name, iv, cipher, mac);
	for (int i = 0; i < KEYS; i++) {
		const struct key *key = &tickets->keys[i];
		if (is_usable(key, now_ms) && CRYPTO_memcmp(name, key->name, NAME_BYTES) == 0)
			return open_with(key, i == 0, iv, cipher, mac);
	}
	return 0;
}
