/* rest_path: request targets and route patterns. Pure. */
#pragma once

#include "services/rest/rest.h"

#define REST_SEGMENTS 8
#define REST_NAMES 2

struct rest_path {
	struct http_text segments[REST_SEGMENTS]; /* as sent */
	unsigned count;
	struct http_text path;  /* as sent */
	struct http_text query; /* as sent, without the '?' */
};

/* Splits an origin-form or absolute-form target. False: not a path of ours (too many segments, "*", authority form). */
bool rest_path_split(struct http_text target, struct rest_path *path);

/* Percent-decodes into out (room for text.len + 1 bytes; a NUL is put behind). False: a broken escape. */
bool rest_path_decode(struct http_text text, char *out, uint32_t *out_len);

/* Well-formed UTF-8 without NUL? */
bool rest_text_valid(const char *text, size_t len);

/* Does a segment, once decoded, read like this literal? */
bool rest_segment_is(struct http_text segment, const char *literal, size_t literal_len);

struct rest_match {
	const struct rest_route *route; /* NULL: the path is known, the method is not */
	uint32_t methods;               /* bit (1 << enum http_method) for each one the path takes, HEAD with GET */
	unsigned name_count;
	struct http_text names[REST_NAMES]; /* as sent */
};

/* The route for a path: among the patterns that fit, the one with the fewest {names} (literals win), then the method.
 * False: no pattern fits. */
bool rest_path_match(const struct rest_service *service, const struct rest_path *path, enum http_method method,
                     struct rest_match *match);

/* The raw value of a query parameter; *times says how often it is there. */
struct http_text rest_query_find(struct http_text query, const char *key, unsigned *times);
