/* docker_trouble: libcurl's codes in the words of somebody who wants Docker to answer. */
#include "orchestrator/engine/docker/docker_trouble.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void explain_connect(const char *socket_path, int errno_value, struct err *err)
{
	const char *remedy = errno_value == EACCES
	                             ? "run as root, or as a member of the group docker"
	                             : "is dockerd running? `systemctl start docker` or docker/up starts it";

	if (errno_value == 0)
		err_set(err, "no connection to %s within %d ms: %s", socket_path, DOCKER_CONNECT_TIMEOUT_MS, remedy);
	else
		err_set(err, "cannot connect to %s: %s: %s", socket_path, strerror(errno_value), remedy);
}

/* The errno of a failed connect; libcurl does not always keep it, so look at the path itself. */
static int connect_errno(CURL *easy, const char *socket_path)
{
	long errno_value = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &errno_value);
	if (errno_value == 0 && access(socket_path, R_OK | W_OK) == -1)
		errno_value = errno;
	return (int)errno_value;
}

bool docker_trouble_is_timeout(CURL *easy, CURLcode code, const char *curl_error, const char *socket_path,
                               struct err *err)
{
	curl_off_t connected_us = 0;

	curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected_us);
	if (code == CURLE_OPERATION_TIMEDOUT && connected_us > 0) {
		err_set(err, "Docker at %s did not answer in time: see its log (journalctl -u docker)", socket_path);
		return true;
	}
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT)
		explain_connect(socket_path, connect_errno(easy, socket_path), err);
	else
		err_set(err, "connection to Docker at %s lost: %s", socket_path,
		        curl_error[0] != '\0' ? curl_error : curl_easy_strerror(code));
	return false;
}
