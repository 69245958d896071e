/* mischief: the actions that break the rules, or bend them. */
#pragma once

#include "tests/backend/request.h"

/* /raw?a=HEX[&ms=N&b=HEX][&then=keep|close|reset|hang]: the reply is exactly these bytes. */
bool mischief_raw(struct connection *connection, struct request *request);

/* Answers before the body is read, then reads it; with close=1 it closes instead. */
bool mischief_early(struct connection *connection, struct request *request);

/* A reset without a byte of reply. */
bool mischief_reset(struct connection *connection, struct request *request);

/* Closed without a byte of reply. */
bool mischief_close(struct connection *connection, struct request *request);

/* No reply until the peer goes away. */
bool mischief_hang(struct connection *connection, struct request *request);

/* /eat?mb=N: takes so much memory and keeps it; 200, or 500 where it gets none. */
bool mischief_eat(struct connection *connection, struct request *request);

/* 101, then every byte comes back, until the peer ends. */
bool mischief_upgrade(struct connection *connection, struct request *request);
