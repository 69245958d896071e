/* A power cut at any moment: what was acknowledged is in the acts' database, whole, and nothing is half there. The disk
 * is rebuilt from a record of writes and syncs (recorder.h), without what was not synced, at sixty moments in four ways
 * each (CRASH_CUTS in the environment: at more moments).
 *
 * Transaction j adds two acts, with pictures of its own making, upvotes act 0, so that its upvotes tell j, and at times
 * deletes an act. The database after the cut must be exactly that after transaction j, for the last j acknowledged or
 * the one under way.
 */
#include "common/mem.h"
#include "services/acts/acts_store.h"
#include "services/store/sqlite_inside.h"
#include "tests/unit/services/outcome.h"
#include "tests/unit/services/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRANSACTIONS 80
#define PICTURE_BYTES 30000
#define CUTS 60

struct found {
	int images, lost, broken;
	char first[sizeof(((struct err *)0)->message)]; /* the first thing wrong */
};

static char work[40], image[64], url[64], image_url[96];
static size_t acknowledged[TRANSACTIONS + 1]; /* by transaction: where in the record */
static struct err err;
static struct job job;

static void make_folders(void)
{
	bool has_memory = access("/dev/shm", W_OK) == 0;

	snprintf(work, sizeof(work), "%s/test_crash.XXXXXX", has_memory ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(work));
	snprintf(image, sizeof(image), "%s/image", work);
	ck_assert_int_eq(mkdir(image, 0700), 0);
	snprintf(url, sizeof(url), "sqlite:%s/acts.db", work);
	snprintf(image_url, sizeof(image_url), "sqlite:%s/acts.db", image);
}

static void clear_folder(const char *folder)
{
	static const char *const names[] = {"acts.db", "acts.db-wal", "acts.db-shm", "acts.db-turn", "acts.db-journal"};
	char name[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", folder, names[i]);
		unlink(name);
	}
}

static void remove_folders(void)
{
	clear_folder(image);
	ck_assert_int_eq(rmdir(image), 0);
	clear_folder(work);
	ck_assert_int_eq(rmdir(work), 0);
}

/* --- what is written ------------------------------------------------------------------------------------------- */

static size_t picture_of(int64_t id, char *picture)
{
	size_t len = (size_t)(id * 7919 % (PICTURE_BYTES / 4) + 1) * 4;

	for (size_t i = 0; i < len; i++)
		picture[i] = (char)('A' + (id + (int64_t)i * (id % 5 + 1)) % 26);
	return len;
}

static struct json_text text_of(const char *text)
{
	return (struct json_text){.data = text, .len = strlen(text)};
}

static void add_act(struct store *store, void *tables, int64_t id)
{
	static char picture[PICTURE_BYTES + 4];
	struct act act = {.id = id,
	                  .username = text_of("ann"),
	                  .timestamp = text_of("01-01-2024:00-00-00"),
	                  .caption = text_of("c"),
	                  .category = text_of("garden"),
	                  .image = {.data = picture, .len = picture_of(id, picture)}};

	ck_assert_int_eq(outcome_of(store, &job, acts_store_act_add(tables, &act, &job)), JOB_OK);
}

/* The act that transaction j deletes; 0: none. */
static int64_t victim_of(int j)
{
	return j % 5 == 4 ? 2 * j - 3 : 0;
}

static void run_transaction(struct store *store, void *tables, int j)
{
	ck_assert_msg(store_begin(store, &err), "%s", err.message);
	if (j == 0) {
		ck_assert_int_eq(outcome_of(store, &job, acts_store_category_add(tables, text_of("garden"), &job)),
		                 JOB_OK);
		add_act(store, tables, 0);
	} else {
		add_act(store, tables, 2 * j - 1);
		add_act(store, tables, 2 * j);
		ck_assert_int_eq(outcome_of(store, &job, acts_store_upvote(tables, 0, &job)), JOB_OK);
		if (victim_of(j) != 0)
			ck_assert_int_eq(outcome_of(store, &job, acts_store_act_delete(tables, victim_of(j), &job)),
			                 JOB_OK);
	}
	ck_assert_msg(store_commit(store, &err), "%s", err.message);
}

/* The log is started over every few transactions. */
static struct recorder *record_work(const char *pragma)
{
	const struct store_options options = {.url = url, .texts = acts_texts, .patience_ms = 1000};
	struct recorder *recorder = recorder_start();
	struct store *store;
	void *tables;

	ck_assert_msg(store_open(&options, &store, &err), "%s", err.message);
	ck_assert(acts_tables_open(store, true, &tables, &err));
	ck_assert(sqlite_wal_open(sqlite_of(store), 40, &err));
	ck_assert(pragma == NULL || sqlite_exec(sqlite_of(store), pragma, &err));
	for (int j = 0; j <= TRANSACTIONS; j++) {
		run_transaction(store, tables, j);
		acknowledged[j] = recorder_length(recorder);
	}
	acts_tables_close(tables);
	store_close(store);
	recorder_stop(recorder);
	return recorder;
}

/* --- what is found --------------------------------------------------------------------------------------------- */

static void on_problem(void *owner, const char *problem)
{
	struct found *found = owner;

	if (found->broken++ == 0)
		snprintf(found->first, sizeof(found->first), "%s", problem);
}

static bool on_progress(void *owner, const char *doing, int percent)
{
	(void)owner;
	(void)doing;
	(void)percent;
	return true;
}

static bool is_there(int64_t id, int j)
{
	if (id > 2 * j)
		return false;
	for (int k = 1; k <= j; k++) {
		if (victim_of(k) == id && id != 0)
			return false;
	}
	return true;
}

/* Is this the database after transaction j? */
static bool holds_exactly(struct store *store, int j)
{
	static char picture[PICTURE_BYTES + 4];
	struct store_statement *acts;
	int64_t wanted = 0;
	size_t len;

	ck_assert(sqlite_prepare(store, "SELECT act_id, img FROM acts ORDER BY act_id", &acts, &err));
	while (store_step(acts, &err) == STORE_ROW) {
		int64_t id = store_column_int(acts, 0);
		const char *stored = store_column_text(acts, 1, &len);
		while (wanted < id && !is_there(wanted, j))
			wanted++;
		if (id != wanted++ || !is_there(id, j) || len != picture_of(id, picture) ||
		    memcmp(stored, picture, len) != 0)
			return false;
	}
	while (wanted <= 2 * j && !is_there(wanted, j))
		wanted++;
	return wanted > 2 * j;
}

/* -1: there is no act 0. */
static int last_transaction(struct store *store)
{
	struct store_statement *upvotes;
	int last = -1;

	ck_assert(sqlite_prepare(store, "SELECT added FROM votes WHERE act_id = 0", &upvotes, &err));
	if (store_step(upvotes, &err) == STORE_ROW)
		last = (int)store_column_int(upvotes, 0);
	store_reset(upvotes);
	return last;
}

static void look_at_image(struct found *found, size_t cut)
{
	const struct store_watch watch = {on_progress, on_problem, found};
	const struct store_check check = {image_url, acts_texts};
	struct store_options options = {.url = image_url, .texts = acts_texts, .patience_ms = 1000};
	struct store *store;
	size_t problems;
	int last_sure = -1;

	while (last_sure < TRANSACTIONS && acknowledged[last_sure + 1] <= cut)
		last_sure++;
	found->images++;
	if (!store_open(&options, &store, &err)) {
		on_problem(found, err.message);
		return;
	}
	int last = last_transaction(store);
	found->lost += last < last_sure;
	if (last >= 0 && (last > last_sure + 1 || !holds_exactly(store, last)))
		on_problem(found, "the acts are not those of any moment");
	store_close(store);
	if (!store_check(&check, &watch, &problems, &err))
		on_problem(found, err.message);
}

/* Cuts all over the record, with all four fates of what was not synced. */
static struct found look_at_images(const struct recorder *recorder, int count)
{
	struct found found = {.images = 0};
	size_t length = recorder_length(recorder);

	for (int i = 0; i < count; i++) {
		size_t cut = length * (size_t)(i + 1) / (size_t)count;
		for (int how = UNSYNCED_LOST; how <= UNSYNCED_TORN; how++) {
			clear_folder(image);
			recorder_make_image(recorder, cut, (enum unsynced)how, (uint64_t)(i * 4 + how), image);
			look_at_image(&found, cut);
		}
	}
	return found;
}

static struct found try_with(const char *pragma, int count)
{
	make_folders();
	struct recorder *recorder = record_work(pragma);
	struct found found = look_at_images(recorder, count);
	printf("%s: %zu operations, %zu syncs, %d images, %d lost, %d broken %s\n",
	       pragma != NULL ? pragma : "as it is", recorder_length(recorder), recorder_syncs(recorder), found.images,
	       found.lost, found.broken, found.first);
	recorder_free(recorder);
	remove_folders();
	return found;
}

START_TEST(nothing_acknowledged_is_lost)
{
	const char *more = getenv("CRASH_CUTS"); /* for a long night */
	struct found found = try_with(NULL, more != NULL ? (int)strtol(more, NULL, 10) : CUTS);

	ck_assert_int_eq(found.lost, 0);
	ck_assert_msg(found.broken == 0, "%d broken: %s", found.broken, found.first);
}
END_TEST

/* That the test would see it: with fewer syncs, acknowledged transactions are lost. */
START_TEST(fewer_syncs_are_seen)
{
	struct found normal = try_with("PRAGMA synchronous=NORMAL", CUTS / 4),
	             off = try_with("PRAGMA synchronous=OFF", CUTS / 4);

	ck_assert_int_gt(normal.lost, 3);
	ck_assert_int_eq(normal.broken, 0);
	ck_assert_int_gt(off.lost + off.broken, 3);
}
END_TEST

UNIT_MAIN("crash_image", nothing_acknowledged_is_lost, fewer_syncs_are_seen)
