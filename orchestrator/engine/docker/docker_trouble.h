/* docker_trouble: why a request to Docker got no reply, and what a person can do about it. */
#pragma once

#include "common/err.h"

#include <curl/curl.h>
#include <stdbool.h>

#define DOCKER_CONNECT_TIMEOUT_MS 2000

/* How a request ended. */
enum docker_http_end {
	DOCKER_HTTP_REPLIED,     /* status and body are there */
	DOCKER_HTTP_UNREACHABLE, /* no connection, or it was lost before the reply was complete */
	DOCKER_HTTP_TIMED_OUT,
	DOCKER_HTTP_TOO_LARGE, /* more than DOCKER_HTTP_REPLY_MAX */
};

/* easy: the handle that libcurl is done with; code: how it ended, not CURLE_OK; curl_error: libcurl's own words, "" for none;
 * socket_path: where Docker listens. err gets one sentence with the remedy. True: it was connected and did not answer in time;
 * false: anything else.
 */
bool docker_trouble_is_timeout(CURL *easy, CURLcode code, const char *curl_error, const char *socket_path,
                               struct err *err);
