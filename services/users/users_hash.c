/* users_hash: Argon2id by libsodium with 2 passes over 19 MiB: the least that OWASP advises, about 25 ms here. libsodium's
 * own INTERACTIVE takes 64 MiB, which two threads of a small container cannot spare.
 */
#include "services/users/users_hash.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define PASSES 2
#define MEMORY_BYTES (19U << 20)
#define THREADS 2
#define WAITING 256 /* some three seconds of work: whoever comes later is better told at once */

static_assert(USERS_HASH_BYTES >= crypto_pwhash_STRBYTES, "a hash must fit");

static void on_hash(struct task *first, void *worker)
{
	struct hashing *hashing = (struct hashing *)first;

	(void)worker;
	if (crypto_pwhash_str(hashing->hash, hashing->password, strlen(hashing->password), PASSES, MEMORY_BYTES) != 0)
		hashing->hash[0] = '\0';
	sodium_memzero(hashing->password, sizeof(hashing->password));
}

static void on_hashed(struct task *task)
{
	struct hashing *hashing = (struct hashing *)task;

	hashing->done(hashing);
}

bool users_hash_new(struct event_base *base, struct tasks **tasks, struct err *err)
{
	struct tasks_options options = {
	        .name = "hash", .threads = THREADS, .limit = WAITING, .batch = 1, .run = on_hash};

	if (sodium_init() == -1)
		return err_set(err, "libsodium cannot start");
	*tasks = tasks_new(base, &options);
	return true;
}

bool users_hash_add(struct tasks *tasks, struct hashing *hashing)
{
	hashing->task.done = on_hashed;
	return tasks_add(tasks, &hashing->task);
}
