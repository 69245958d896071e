/* signals: an event of the loop for each. */
#include "orchestrator/base/signals.h"

#include "common/mem.h"
#include "orchestrator/base/loop.h"

#include <event2/event.h>
#include <stdlib.h>

struct heard {
	const struct signals *signals;
	struct signal_row row;
	struct event *event;
};

struct signals {
	void *arg;
	size_t count;
	struct heard *items;
};

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	const struct heard *heard = arg;

	(void)what;
	heard->row.heard((int)number, heard->signals->arg);
}

struct signals *signals_new(struct event_base *base, const struct signal_row *rows, size_t count, void *arg)
{
	struct signals *signals = mem_zero(sizeof(*signals));

	signals->arg = arg;
	signals->count = count;
	signals->items = mem_zero(count * sizeof(*signals->items));
	for (size_t i = 0; i < count; i++) {
		struct heard *heard = &signals->items[i];

		*heard = (struct heard){.signals = signals, .row = rows[i]};
		heard->event =
		        loop_event_new(base, LOOP_URGENT, rows[i].number, EV_SIGNAL | EV_PERSIST, on_signal, heard);
		event_add(heard->event, NULL);
	}
	return signals;
}

void signals_free(struct signals *signals)
{
	if (signals == NULL)
		return;
	for (size_t i = 0; i < signals->count; i++)
		event_free(signals->items[i].event);
	free(signals->items);
	free(signals);
}
