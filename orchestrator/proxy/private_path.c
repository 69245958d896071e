/* private_path: every way of decoding, then every way of reading what was decoded, then segment by segment. Most odd paths
 * never get so far: the last segment of a private prefix must stand somewhere in the path, decoded as far as it goes.
 */
#include "orchestrator/proxy/private_path.h"

#include "common/hex.h"

#include <string.h>
#include <strings.h>

#define ROUNDS 2 /* of decoding */

enum {
	READ_BACKSLASH = 1,  /* \ is / */
	READ_CUT = 2,        /* NUL, ? and # end the path */
	READ_DROP = 4,       /* control characters and spaces are not there */
	READ_PARAMETERS = 8, /* ; ends its segment */
	READ_RFC_1808 = 16,  /* ; ends the path */
	READ_HOST = 32,      /* //host */
	READ_EMPTY = 64,     /* an empty segment is one, for .. */
	READ_WAYS = 128
};

/* --- bytes ----------------------------------------------------------------------------------------------------- */

/* One round. to may be path.data. Returns the new length. */
static size_t decode(struct http_text path, bool slashes, char *to)
{
	size_t len = 0;

	for (size_t i = 0; i < path.len; i++) {
		int high = path.data[i] == '%' && i + 2 < path.len ? hex_value(path.data[i + 1]) : -1;
		int low = high >= 0 ? hex_value(path.data[i + 2]) : -1;
		int c = high * 16 + low;
		if (low >= 0 && (slashes || (c != '/' && c != '\\'))) {
			to[len++] = (char)c;
			i += 2;
		} else {
			to[len++] = path.data[i];
		}
	}
	return len;
}

static bool is_ending(char c)
{
	return c == '\0' || c == '?' || c == '#';
}

static bool is_blank(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/* --- does it name a private segment at all? -------------------------------------------------------------------- */

static bool contains(const char *text, size_t len, const char *word, size_t word_len)
{
	for (size_t i = 0; i + word_len <= len; i++)
		if (strncasecmp(text + i, word, word_len) == 0)
			return true;
	return false;
}

static struct http_text trimmed(const char *prefix)
{
	size_t len = strlen(prefix);

	while (len > 0 && prefix[len - 1] == '/')
		len--;
	return (struct http_text){prefix, (uint32_t)len};
}

static bool names_last_segment(struct http_text prefix, const char *text, size_t len)
{
	uint32_t from = prefix.len;

	while (from > 0 && prefix.data[from - 1] != '/')
		from--;
	return contains(text, len, prefix.data + from, prefix.len - from);
}

/* No way of reading brings together what is not together once everything is decoded and blanks are gone. */
static bool names_any(struct http_text path, const struct strings *prefixes, char *scratch)
{
	size_t len = decode(path, true, scratch), kept = 0;

	for (int i = 1; i < ROUNDS; i++)
		len = decode((struct http_text){scratch, (uint32_t)len}, true, scratch);
	for (size_t i = 0; i < len; i++)
		if (!is_blank(scratch[i]))
			scratch[kept++] = scratch[i];
	for (size_t i = 0; i < prefixes->count; i++)
		if (names_last_segment(trimmed(prefixes->items[i]), scratch, kept))
			return true;
	return false;
}

/* --- segments -------------------------------------------------------------------------------------------------- */

/* The way through a path: how deep, and how much of the prefix that is. */
struct walk {
	struct http_text prefix;
	char *empty;         /* of each segment so far: is it? Borrowed */
	size_t depth, named; /* all of them, and those that are not empty */
	size_t same;         /* of those so many, from the first on, are the prefix's */
	size_t same_len;     /* and so long they are in it */
};

static void leave(struct walk *walk)
{
	if (walk->depth == 0)
		return;
	if (walk->empty[--walk->depth])
		return;
	if (walk->same == walk->named) {
		walk->same--;
		do
			walk->same_len--;
		while (walk->prefix.data[walk->same_len] != '/');
	}
	walk->named--;
}

/* True: it is the prefix now. */
static bool enter(struct walk *walk, struct http_text segment)
{
	walk->empty[walk->depth++] = segment.len == 0;
	if (segment.len == 0)
		return false;
	const char *wanted = walk->prefix.data + walk->same_len + 1; /* behind its slash */
	size_t left = walk->prefix.len - walk->same_len - 1;
	bool fits =
	        walk->same == walk->named && left >= segment.len && strncasecmp(wanted, segment.data, segment.len) == 0;
	if (fits && (left == segment.len || wanted[segment.len] == '/')) {
		walk->same++;
		walk->same_len += segment.len + 1;
	}
	walk->named++;
	return walk->same_len == walk->prefix.len;
}

static bool comes_by(struct http_text path, struct http_text prefix, bool empty_counts, char *scratch)
{
	struct walk walk = {.prefix = prefix, .empty = scratch};
	const char *at = path.data, *end = path.data + path.len;

	while (at < end) {
		const char *from = at + (*at == '/');
		const char *slash = memchr(from, '/', (size_t)(end - from));
		at = slash != NULL ? slash : end;
		struct http_text segment = {from, (uint32_t)(at - from)};
		bool stays = (segment.len == 0 && !empty_counts) || (segment.len == 1 && from[0] == '.');
		if (segment.len == 2 && memcmp(from, "..", 2) == 0)
			leave(&walk);
		else if (!stays && enter(&walk, segment))
			return true;
	}
	return false;
}

/* --- ways of reading ------------------------------------------------------------------------------------------- */

/* Those that can make a difference for this path. */
static unsigned ways_of(struct http_text path)
{
	unsigned ways =
	        path.len > 1 && (path.data[1] == '/' || path.data[1] == '\\' || is_blank(path.data[1])) ? READ_HOST : 0;

	for (uint32_t i = 0; i < path.len; i++) {
		char c = path.data[i];
		ways |= c == '\\' ? READ_BACKSLASH : 0;
		ways |= is_ending(c) ? READ_CUT : 0;
		ways |= is_blank(c) ? READ_DROP : 0;
		ways |= c == ';' ? READ_PARAMETERS | READ_RFC_1808 : 0;
		ways |= c == '.' ? READ_EMPTY : 0;
	}
	return ways;
}

static size_t read_bytes(struct http_text path, unsigned way, char *to)
{
	size_t len = 0;
	bool parameter = false;

	for (uint32_t i = 0; i < path.len; i++) {
		char c = path.data[i];
		if (((way & READ_CUT) != 0 && is_ending(c)) || ((way & READ_RFC_1808) != 0 && c == ';'))
			break;
		if ((way & READ_DROP) != 0 && is_blank(c))
			continue;
		if ((way & READ_BACKSLASH) != 0 && c == '\\')
			c = '/';
		parameter = c != '/' && (parameter || ((way & READ_PARAMETERS) != 0 && c == ';'));
		if (!parameter)
			to[len++] = c;
	}
	return len;
}

/* However many slashes there are, as browsers and those who read addresses like them have it. */
static struct http_text behind_host(struct http_text path)
{
	const char *host = path.data, *end = path.data + path.len;

	while (host < end && *host == '/')
		host++;
	if (host - path.data < 2)
		return path;
	const char *slash = memchr(host, '/', (size_t)(end - host));
	return slash != NULL ? (struct http_text){slash, (uint32_t)(end - slash)} : (struct http_text){end, 0};
}

/* What is asked, and the room for answering it. */
struct question {
	const struct strings *prefixes;
	char *read, *empty; /* as long as the path */
	size_t effort;      /* bytes read so far */
};

static bool is_read(struct question *question, struct http_text path, unsigned way)
{
	struct http_text text = {question->read, (uint32_t)read_bytes(path, way, question->read)};

	if ((way & READ_HOST) != 0)
		text = behind_host(text);
	for (size_t i = 0; i < question->prefixes->count; i++) {
		struct http_text prefix = trimmed(question->prefixes->items[i]);
		if (prefix.len > 0 && comes_by(text, prefix, (way & READ_EMPTY) != 0, question->empty))
			return true;
	}
	return false;
}

static bool is_read_in_any_way(struct question *question, struct http_text path)
{
	unsigned there = ways_of(path);

	for (unsigned way = 0; way < READ_WAYS; way++) {
		if ((way & ~there) != 0)
			continue;
		question->effort += path.len;
		if (question->effort > PRIVATE_PATH_EFFORT || is_read(question, path, way))
			return true;
	}
	return false;
}

/* RFC 3986 section 5.2.4, of a path that is not decoded yet and begins with a slash. to may be path.data. Returns the new length. */
static size_t remove_dots(struct http_text path, char *to)
{
	size_t len = 0;
	const char *at = path.data, *end = path.data + path.len;

	while (at < end) {
		const char *from = at + (*at == '/'), *slash = memchr(from, '/', (size_t)(end - from));
		at = slash != NULL ? slash : end;
		size_t name = (size_t)(at - from);
		bool up = name == 2 && memcmp(from, "..", 2) == 0;
		while (up && len > 0 && to[--len] != '/')
			continue;
		if (up || (name == 1 && *from == '.'))
			continue;
		to[len++] = '/';
		memmove(to + len, from, name);
		len += name;
	}
	return len;
}

/* Decoded round by round. dots_first: in each, dots are removed before that. */
static bool is_read_decoded(struct question *question, struct http_text path, bool slashes, bool dots_first,
                            char *decoded)
{
	struct http_text text = path;

	for (int round = 0; round < ROUNDS && memchr(text.data, '%', text.len) != NULL; round++) {
		if (dots_first)
			text = (struct http_text){decoded, (uint32_t)remove_dots(text, decoded)};
		text = (struct http_text){decoded, (uint32_t)decode(text, slashes, decoded)};
		if (is_read_in_any_way(question, text))
			return true;
	}
	return false;
}

bool private_path_is(struct http_text path, const struct strings *prefixes, char *scratch)
{
	struct question question = {prefixes, scratch + path.len, scratch + 2 * (size_t)path.len, 0};

	if (!names_any(path, prefixes, scratch))
		return false;
	if (is_read_in_any_way(&question, path))
		return true;
	bool dotted = *path.data == '/' && remove_dots(path, scratch) < path.len;
	for (int slashes = 0; slashes < 2; slashes++) {
		if (is_read_decoded(&question, path, slashes != 0, false, scratch))
			return true;
		if (dotted && is_read_decoded(&question, path, slashes != 0, true, scratch))
			return true;
	}
	return false;
}
