/* http1_reply: turns, the replies to them, and what follows a reply's end. */
#pragma once

#include "orchestrator/proxy/http1_line.h"
#include "orchestrator/proxy/http1_struct.h"

/* The head of a request was read: its turn begins. */
struct http1_turn *http1_begin_turn(struct http1 *http1);

/* At the end of the process: those that are kept for further requests. */
void http1_free_turns(void);

/* It is over: frees it, and what was counted for its body. Harmless without one. */
void http1_drop_turn(struct http1 *http1);

/* Says why, once, and then only listens until the client has heard. line: NULL: the turn's request knows. */
void http1_refuse(struct http1 *http1, int status, const char *detail, const struct http1_line *line);

/* The last bytes of a reply that waited for the client were written. */
void http1_finish(struct http1 *http1);
