/* http1_evhttp_reply: replies out, and the end of a request for evhttp. */
#pragma once

#include "orchestrator/proxy/http1_evhttp_struct.h"
#include "orchestrator/proxy/http1_line.h"

/* Puts our callbacks before evhttp's. Again after each request: evhttp sets its own. */
void evconn_adopt(struct evconn *evconn);

/* Closes the connection at once. Harmless if it is over. */
void evconn_close(struct evconn *evconn);

/* The same in a later turn; cut: with a reset. */
void evconn_mark_broken(struct evconn *evconn, bool cut);
void evconn_rest(struct evconn *evconn);

struct evturn *evconn_begin_turn(struct evconn *evconn);
void evconn_drop_turn(struct evconn *evconn);

/* Says why, and closes. line: NULL: the turn's request knows. */
void evconn_refuse(struct evconn *evconn, int status, const char *detail, const struct http1_line *line);

/* The last bytes of a reply that waited were written: evhttp ends its request. */
void evconn_finish(struct evconn *evconn);

/* Writes straight to the socket; what that does not take is the bufferevent's. */
enum turn_write evconn_write(struct evconn *evconn, const struct iovec *iov, int count, int64_t idle_ms);
