/* libevhtp's own limit: one thread that answers every request with the same few bytes of JSON.
 *
 * usage: fixed_reply PORT
 * What the services are measured against: nothing is parsed beyond what libevhtp parses, nothing is looked up.
 */
#include <event2/event.h>
#include <evhtp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static const char BODY[] = "{\"garden\":100}";

static void on_request(evhtp_request_t *request, void *arg)
{
	(void)arg;
	evhtp_headers_add_header(request->headers_out, evhtp_header_new("Content-Type", "application/json", 0, 0));
	evbuffer_add_reference(request->buffer_out, BODY, sizeof(BODY) - 1, NULL, NULL);
	evhtp_send_reply(request, EVHTP_RES_OK);
}

int main(int argc, char **argv)
{
	long port = argc == 2 ? strtol(argv[1], NULL, 10) : 0;

	if (port < 1 || port > 65535) {
		fputs("usage: fixed_reply PORT\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	struct event_base *base = event_base_new();
	evhtp_t *server = evhtp_new(base, NULL);
	evhtp_enable_flag(server, EVHTP_FLAG_ENABLE_NODELAY);
	evhtp_set_gencb(server, on_request, NULL);
	if (evhtp_bind_socket(server, "127.0.0.1", (uint16_t)port, 1024) != 0) {
		fprintf(stderr, "fixed_reply: cannot listen on port %ld\n", port);
		return 1;
	}
	event_base_dispatch(base);
	return 0;
}
