/* curl_loop: libcurl's multi interface driven by libevent: its sockets and its one timer become events.
 *
 * Knows no requests. on_turn runs after each time libcurl worked, outside of it: the place to take what is finished.
 */
#pragma once

#include "orchestrator/base/loop.h"

#include <curl/curl.h>

struct curl_loop;

struct curl_loop *curl_loop_new(struct event_base *base, enum loop_priority priority, void (*on_turn)(void *arg),
                                void *arg);
void curl_loop_free(struct curl_loop *loop); /* no easy handle may be left in it; not from on_turn */
CURLM *curl_loop_multi(struct curl_loop *loop);
