/* process_news: a queue and a timer of no time that empties it.
 *
 * Invariant: the timer is set whenever the queue is not empty. One turn tells what was there when it began, so that
 * callbacks which ask again do not keep the loop from its other work.
 */
#include "orchestrator/engine/process/process_news.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/loop.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

/* Either an answer (done), or an event (id), or else "up". */
struct item {
	STAILQ_ENTRY(item) link;
	engine_done *done;
	void *arg;
	struct engine_result result;
	char *message;
	struct engine_container *containers;
	char *text;
	struct engine_event event;
	char id[ENGINE_ID_SIZE];
};

struct process_news {
	struct engine_observer observer;
	struct event *timer;
	STAILQ_HEAD(items, item) items;
};

static void item_free(struct item *item)
{
	free(item->message);
	free(item->containers);
	free(item->text);
	free(item);
}

static void item_tell(const struct item *item, const struct engine_observer *observer)
{
	if (item->done != NULL)
		item->done(&item->result, item->arg);
	else if (item->id[0] != '\0')
		observer->on_event(&item->event, observer->arg);
	else
		observer->on_up(observer->arg);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct process_news *news = arg;
	struct items now = STAILQ_HEAD_INITIALIZER(now);
	struct item *item;

	(void)fd;
	(void)what;
	STAILQ_CONCAT(&now, &news->items);
	while ((item = STAILQ_FIRST(&now)) != NULL) {
		STAILQ_REMOVE_HEAD(&now, link);
		item_tell(item, &news->observer);
		item_free(item);
	}
}

static struct item *item_add(struct process_news *news)
{
	struct item *item = mem_zero(sizeof(*item));
	struct timeval at_once = clock_timeval(0);

	if (STAILQ_EMPTY(&news->items))
		event_add(news->timer, &at_once);
	STAILQ_INSERT_TAIL(&news->items, item, link);
	return item;
}

struct process_news *process_news_new(struct event_base *base, const struct engine_observer *observer)
{
	struct process_news *news = mem_zero(sizeof(*news));

	news->observer = *observer;
	news->timer = loop_event_new(base, LOOP_URGENT, -1, 0, on_timer, news);
	STAILQ_INIT(&news->items);
	return news;
}

void process_news_free(struct process_news *news)
{
	struct item *item;

	if (news == NULL)
		return;
	while ((item = STAILQ_FIRST(&news->items)) != NULL) {
		STAILQ_REMOVE_HEAD(&news->items, link);
		item_free(item);
	}
	event_free(news->timer);
	free(news);
}

void process_news_up(struct process_news *news)
{
	(void)item_add(news);
}

void process_news_event(struct process_news *news, enum engine_event_type type, const char *id, int exit_code)
{
	struct item *item = item_add(news);
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(item->id, sizeof(item->id), "%s", id);
	item->event = (struct engine_event){.type = type,
	                                    .id = item->id,
	                                    .exit_code = exit_code,
	                                    .engine_time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec};
}

void process_news_answer(struct process_news *news, const struct engine_result *result, engine_done *done, void *arg)
{
	struct item *item = item_add(news);

	item->done = done;
	item->arg = arg;
	item->result = *result;
	item->result.message = item->message = mem_dup(result->message);
	snprintf(item->id, sizeof(item->id), "%s", result->id);
	item->result.id = item->id;
	if (result->count > 0) {
		item->containers = mem_array(NULL, result->count, sizeof(*result->containers));
		memcpy(item->containers, result->containers, result->count * sizeof(*result->containers));
	}
	item->result.containers = item->containers;
	if (result->text != NULL)
		item->text = mem_dup_n(result->text, result->text_len);
	item->result.text = item->text;
}
