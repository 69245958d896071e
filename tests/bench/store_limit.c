/* The store's own limit: the transactions of the acts service in a loop, without HTTP and without threads.
 *
 * usage: store_limit FILE stage                  makes what the others need: a list of acts, an empty place for uploads
 *        store_limit FILE post|upvote GROUP SECONDS
 *        store_limit FILE categories|list 1 SECONDS
 * GROUP: changes in one transaction, as jobs.c does it. Prints how many were made.
 */
#include "common/clock.h"
#include "services/acts/acts_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMAGE_BYTES 13656 /* 10 KB in base64 */
#define LISTED 100
#define LIST_BYTES (16U << 20)

static char image[IMAGE_BYTES];
static struct err err;
static struct store *store;
static void *writing, *reading;
static struct job job;
static struct buf json;

static void must(bool good)
{
	if (good)
		return;
	fprintf(stderr, "store_limit: %s\n", err.message);
	exit(1);
}

static struct json_text text_of(const char *text)
{
	return (struct json_text){.data = text, .len = strlen(text)};
}

static enum job_result outcome_of(enum job_result sent)
{
	job.result = sent;
	err = job.err;
	must(sent == JOB_OK && store_settle(store, &err));
	return job_settled(&job);
}

static void open_all(const char *path)
{
	char *url = store_url_of_file(path);
	const struct store_options options = {.url = url, .texts = acts_texts, .patience_ms = 5000};

	must(store_open(&options, &store, &err));
	free(url);
	must(acts_tables_open(store, true, &writing, &err) && acts_tables_open(store, false, &reading, &err));
	memset(image, 'A', sizeof(image));
	buf_init(&json, LIST_BYTES);
	srandom((unsigned)getpid());
}

static void add(int64_t id, const char *category)
{
	struct act act = {.id = id,
	                  .username = text_of("ann"),
	                  .timestamp = text_of("01-02-2024:03-04-05"),
	                  .caption = text_of("a caption"),
	                  .category = text_of(category),
	                  .image = {image, sizeof(image)},
	                  .time = 1706756645};

	must(outcome_of(acts_store_act_add(writing, &act, &job)) == JOB_OK);
}

static void stage(void)
{
	outcome_of(acts_store_category_delete(writing, text_of("uploads"), &job));
	must(outcome_of(acts_store_category_add(writing, text_of("uploads"), &job)) == JOB_OK);
	if (outcome_of(acts_store_category_add(writing, text_of("garden"), &job)) == JOB_REFUSED)
		return;
	for (int i = 0; i < LISTED; i++)
		add(i, "garden");
}

/* --- one of each ----------------------------------------------------------------------------------------------- */

static void post(void)
{
	add(LISTED + (((int64_t)random() << 31) | random()), "uploads");
}

static void upvote(void)
{
	must(outcome_of(acts_store_upvote(writing, random() % LISTED, &job)) == JOB_OK);
}

static void read_categories(void)
{
	struct json_writer w;
	size_t count;

	buf_reset(&json);
	json_writer_init(&w, &json);
	json_begin_object(&w);
	must(acts_store_categories(reading, &w, &count, &err) == JOB_OK);
	json_end_object(&w);
	must(json_writer_ok(&w));
}

static void read_list(void)
{
	struct json_writer w;
	struct acts_picture picture;
	int64_t ids[LISTED], category, acts;
	size_t count;

	buf_reset(&json);
	json_writer_init(&w, &json);
	must(acts_store_begin(reading, &err) == JOB_OK);
	must(acts_store_category(reading, text_of("garden"), &category, &acts, &err) == JOB_OK);
	must(acts_store_ids(reading, category, 0, LISTED, ids, &count, &err) == JOB_OK);
	json_begin_array(&w);
	for (size_t i = 0; i < count; i++)
		must(acts_store_act(reading, ids[i], LIST_BYTES, &picture, &w, &err) == JOB_OK);
	json_end_array(&w);
	acts_store_end(reading);
	must(json_writer_ok(&w));
}

struct work {
	const char *name;
	void (*one)(void);
	bool writes;
};

static const struct work WORKS[] = {{"post", post, true},
                                    {"upvote", upvote, true},
                                    {"categories", read_categories, false},
                                    {"list", read_list, false}};

static void run_group(const struct work *work, long group)
{
	if (!work->writes) {
		work->one();
		return;
	}
	must(store_begin(store, &err));
	for (long i = 0; i < group; i++)
		work->one();
	must(store_commit(store, &err));
}

static void run(const struct work *work, long group, long seconds)
{
	int64_t begin_us = clock_us(), end_us = begin_us + seconds * 1000000;
	long done = 0;

	for (; clock_us() < end_us; done += work->writes ? group : 1)
		run_group(work, group);
	printf("{\"requests\": %ld, \"seconds\": %.6f}\n", done, (double)(clock_us() - begin_us) / 1e6);
}

static void close_all(void)
{
	buf_clear(&json);
	acts_tables_close(writing);
	acts_tables_close(reading);
	store_close(store);
}

static const struct work *find_work(const char *name)
{
	for (size_t i = 0; i < sizeof(WORKS) / sizeof(WORKS[0]); i++) {
		if (strcmp(WORKS[i].name, name) == 0)
			return &WORKS[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	bool staging = argc == 3 && strcmp(argv[2], "stage") == 0;
	const struct work *work = argc == 5 ? find_work(argv[2]) : NULL;
	long group = work != NULL ? strtol(argv[3], NULL, 10) : 0,
	     seconds = work != NULL ? strtol(argv[4], NULL, 10) : 0;

	if (!staging && (group < 1 || seconds < 1)) {
		fputs("usage: store_limit FILE stage | FILE post|upvote|categories|list GROUP SECONDS\n", stderr);
		return 2;
	}
	open_all(argv[1]);
	if (staging)
		stage();
	else
		run(work, group, seconds);
	close_all();
	return 0;
}
