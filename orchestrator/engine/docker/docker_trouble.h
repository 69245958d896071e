/* docker_trouble: why a request to Docker got no reply, and what a person can do about it. */
#pragma once

#include "common/err.h"
#include "orchestrator/engine/docker/docker_http.h"

#include <curl/curl.h>

#define DOCKER_CONNECT_TIMEOUT_MS 2000

/* easy: the handle that libcurl is done with; code: how it ended, not CURLE_OK; curl_error: libcurl's own words, "" for none;
 * socket_path: where Docker listens. err gets one sentence with the remedy. DOCKER_HTTP_TIMED_OUT: it was connected and did not
 * answer in time; DOCKER_HTTP_UNREACHABLE: anything else.
 */
enum docker_http_end docker_trouble_explain(CURL *easy, CURLcode code, const char *curl_error, const char *socket_path,
                                            struct err *err);
