/* act: what an uploaded act must look like. Pure. */
#pragma once

#include "common/err.h"
#include "common/json.h"

#include <stdbool.h>
#include <stdint.h>

#define ACT_NAME_BYTES 256
#define ACT_CAPTION_BYTES (16 << 20)
#define ACT_IMAGE_BYTES (1 << 30)

struct act {
	int64_t id;
	struct json_text username, timestamp, caption, category, image; /* borrowed from the document */
	int64_t time; /* of timestamp: seconds since 1970-01-01, no time zone */
};

/* Reads and checks an act; err says which field is wrong. */
bool act_read(const struct json_value *object, struct act *act, struct err *err) MUST_CHECK;

/* What no table says, of an act whose fields have been read; sets time. */
bool act_check(struct act *act, struct err *err) MUST_CHECK;

/* "DD-MM-YYYY:SS-MM-HH", a real date, year 1 to 9999. */
bool act_time(struct json_text text, int64_t *seconds);

/* Base64 (RFC 4648 section 4): not empty, padding complete or left out. */
bool act_base64(struct json_text text);

/* A decimal number 0..2^63-1 without sign or leading zeros. */
bool act_id(const char *text, size_t len, int64_t *id);

/* 1..256 bytes without NUL. */
bool act_name(struct json_text text);
