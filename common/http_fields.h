/* http_fields: what single header fields mean for the message. Private to the head parser. */
#pragma once

#include "common/http_head.h"

/* What was seen in all Connection fields together. */
enum { HTTP_TOKEN_CLOSE = 1, HTTP_TOKEN_KEEP_ALIVE = 2, HTTP_TOKEN_UPGRADE = 4, HTTP_TOKEN_OTHER = 8 };

struct http_fields {
	struct http_head *head;
	bool response;
	unsigned connection; /* HTTP_TOKEN_ bits */
};

enum http_field_id http_field_identify(struct http_text name);

/* Takes in one field, its id and value set. What is wrong with it, or HTTP_FAULT_NONE. */
enum http_fault http_fields_take(struct http_fields *fields, const struct http_field *field);

/* After the last field: what they mean together. */
enum http_fault http_fields_finish(struct http_fields *fields);

/* host [":" port], or a bracketed IP literal; empty is not one. */
bool http_authority_is(struct http_text text, bool need_port);
