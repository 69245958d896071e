/* loop: the event base, whose turn comes first in it, and how late it runs.
 *
 * Two priorities. Urgent is what the beat depends on: probes, the timers of health and of the supervisors, the engine's
 * sockets and timers, signals. Everything that clients can cause is not: their sockets, the backends' replies, accepting,
 * the admin API. However many clients want something at once, urgent events wait for a bounded number of callbacks.
 * Every event of the orchestrator is made here, so that none is without a priority.
 */
#pragma once

#include <event2/event.h>
#include <stdint.h>

struct loop_lag;

enum loop_priority { LOOP_URGENT, LOOP_CLIENTS, LOOP_PRIORITIES };

#define LOOP_CLIENTS_AT_ONCE 128 /* callbacks of clients between two looks for urgent events */

/* Single-threaded, epoll with a change list. */
struct event_base *loop_new(void);

/* As event_new and event_assign, with the priority; never NULL. On a base without priorities (a test's) they have none. */
struct event *loop_event_new(struct event_base *base, enum loop_priority priority, evutil_socket_t fd, short what,
                             event_callback_fn call, void *arg);
void loop_event_assign(struct event *event, struct event_base *base, enum loop_priority priority, evutil_socket_t fd,
                       short what, event_callback_fn call, void *arg);

/* A timer of 100 ms that notices how late it is called; it waits as clients do. */
struct loop_lag *loop_lag_new(struct event_base *base);
void loop_lag_free(struct loop_lag *lag);

/* The longest delay within the last one to two seconds. */
int64_t loop_lag_us(const struct loop_lag *lag);
