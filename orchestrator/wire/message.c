/* message: head, then a body framed by its length, by chunks, by the end of the connection, or none. */
#include "orchestrator/wire/message.h"

void message_init(struct message *message, enum message_kind kind, const struct http_limits *limits)
{
	message->kind = kind;
	message->trailers = NULL;
	message->limits = *limits;
	message_start(message, HTTP_GET);
}

void message_start(struct message *message, enum http_method method)
{
	message->state = MESSAGE_IN_HEAD;
	message->method = method;
	message->scanned = 0;
	message->left = 0;
}

static enum message_state frame_body(struct message *message, const struct http_head *head)
{
	if (message->kind == MESSAGE_RESPONSE && !http_response_has_body(head, message->method)) {
		bool interim = head->status < 200 && head->status != 101;
		return interim ? MESSAGE_IN_HEAD : MESSAGE_AT_END;
	}
	if (head->chunked) {
		http_chunked_init(&message->chunked);
		message->chunked.trailers = message->trailers;
		return MESSAGE_IN_CHUNKS;
	}
	if (head->content_length >= 0) {
		message->left = head->content_length;
		return head->content_length > 0 ? MESSAGE_IN_LENGTH : MESSAGE_AT_END;
	}
	return message->kind == MESSAGE_RESPONSE ? MESSAGE_IN_REST : MESSAGE_AT_END;
}

static enum message_event read_head(struct message *message, const char *data, size_t len, size_t *used,
                                    struct http_head *head, enum http_fault *fault)
{
	enum http_parse parse =
	        message->kind == MESSAGE_REQUEST
	                ? http_head_parse_request(data, len, &message->limits, &message->scanned, head, fault)
	                : http_head_parse_response(data, len, &message->limits, &message->scanned, head, fault);

	if (parse == HTTP_PARSE_MORE)
		return MESSAGE_MORE;
	if (parse == HTTP_PARSE_BAD)
		return MESSAGE_BAD;
	*used = head->size;
	message->scanned = 0;
	message->state = frame_body(message, head);
	return MESSAGE_HEAD;
}

static enum message_event read_chunks(struct message *message, const char *data, size_t len, size_t *used,
                                      struct http_text *piece, enum http_fault *fault)
{
	size_t start = 0, size = 0;

	switch (http_chunked_next(&message->chunked, data, len, used, &start, &size)) {
	case HTTP_PARSE_BAD:
		*fault = HTTP_FAULT_CHUNK;
		return MESSAGE_BAD;
	case HTTP_PARSE_DONE:
		message->state = MESSAGE_AT_END;
		return MESSAGE_END;
	case HTTP_PARSE_MORE:
		break;
	}
	if (size == 0)
		return MESSAGE_MORE;
	*piece = (struct http_text){data + start, (uint32_t)size};
	return MESSAGE_BODY;
}

static enum message_event take(struct message *message, const char *data, size_t len, size_t *used,
                               struct http_text *piece)
{
	if (len == 0)
		return MESSAGE_MORE;
	*piece = (struct http_text){data, (uint32_t)len};
	*used = len;
	message->left -= (int64_t)len;
	return MESSAGE_BODY;
}

enum message_event message_next(struct message *message, const char *data, size_t len, size_t *used,
                                struct http_head *head, struct http_text *piece, enum http_fault *fault)
{
	*used = 0;
	switch (message->state) {
	case MESSAGE_IN_HEAD:
		return read_head(message, data, len, used, head, fault);
	case MESSAGE_IN_CHUNKS:
		return read_chunks(message, data, len, used, piece, fault);
	case MESSAGE_IN_LENGTH:
		if (message->left == 0) {
			message->state = MESSAGE_AT_END;
			return MESSAGE_END;
		}
		return take(message, data, (int64_t)len > message->left ? (size_t)message->left : len, used, piece);
	case MESSAGE_IN_REST:
		return take(message, data, len, used, piece);
	case MESSAGE_AT_END:
		break;
	}
	return MESSAGE_END;
}

bool message_close(struct message *message)
{
	if (message->state != MESSAGE_IN_REST)
		return false;
	message->state = MESSAGE_AT_END;
	return true;
}
