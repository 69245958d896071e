/* docker_loop: libcurl's multi interface driven by libevent: its sockets and its one timer become events.
 *
 * Knows no requests. on_turn runs after each time libcurl worked, outside of it: the place to take what is finished.
 */
#pragma once

#include <curl/curl.h>

struct event_base;
struct docker_loop;

struct docker_loop *docker_loop_new(struct event_base *base, void (*on_turn)(void *arg), void *arg);
void docker_loop_free(struct docker_loop *loop); /* no easy handle may be left in it; not from on_turn */
CURLM *docker_loop_multi(struct docker_loop *loop);
