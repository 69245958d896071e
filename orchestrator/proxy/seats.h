/* seats: where a request sits while evhttp has it.
 *
 * evhttp makes a request only within a connection object of its own; the two take 2 kB, too much for each of ten
 * thousand clients that are silent most of the time. So these objects are not tied to the clients' sockets: there are as
 * many as clients were ever served at once. A complete request takes a free one, its seat, and evhttp is given a
 * canonical head there, "GET / HTTP/1.1". The evhttp_request that it hands over stands for the conversation with the
 * client; when the client falls silent the seat is free again.
 * So no outside byte ever reaches evhttp, no two parsers can disagree about a request, and any method works.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/base/defer.h"

#include <stdbool.h>

struct event_base;
struct seat;
struct seats;

/* Embedded in the one who sits, all zero before the first time. */
struct guest {
	struct seat *seat;         /* NULL: has none */
	struct guest *prev, *next; /* in the list of those who wait for one */
	bool waiting;
};

/* on_seated: evhttp handed the request over; may leave at once. */
bool seats_new(struct event_base *base, struct defer *defer, void (*on_seated)(struct guest *guest),
               struct seats **seats, struct err *err) MUST_CHECK;

/* All guests have left. */
void seats_free(struct seats *seats);

/* on_seated is called before this returns where a seat is free, else as soon as there is one, in order of arrival. */
void seats_take(struct seats *seats, struct guest *guest);

/* The conversation is over. Without a seat nothing happens. */
void seats_leave(struct seats *seats, struct guest *guest);
