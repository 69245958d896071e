/* http1_evhttp_read: the gate before evhttp. */
#pragma once

#include "orchestrator/proxy/http1_evhttp_struct.h"

void evconn_take_bytes(struct evconn *evconn, const char *data, size_t len);
void evconn_read_kept(struct evconn *evconn);
void evconn_refuse_unread(struct evconn *evconn, int status, const char *detail);
