/* tls_hello: two lists with lengths in front of everything. */
#include "orchestrator/wire/tls_hello.h"

#include <string.h>

#define HOST_NAME 0 /* the only type of name that there is */

/* --- bytes that are still to be read --------------------------------------------------------------------------- */

struct bytes {
	const unsigned char *data;
	size_t len;
};

static bool take_byte(struct bytes *from, unsigned *value)
{
	if (from->len < 1)
		return false;
	*value = from->data[0];
	from->data++;
	from->len--;
	return true;
}

static bool take_part(struct bytes *from, size_t len, struct bytes *part)
{
	if (from->len < len)
		return false;
	*part = (struct bytes){from->data, len};
	from->data += len;
	from->len -= len;
	return true;
}

/* A part with its length in two bytes before it. */
static bool take_long(struct bytes *from, struct bytes *part)
{
	unsigned high, low;

	return take_byte(from, &high) && take_byte(from, &low) && take_part(from, high << 8 | low, part);
}

/* The list is all that the extension has. */
static bool take_list(const unsigned char *data, size_t len, struct bytes *list)
{
	struct bytes all = {data, len};

	return take_long(&all, list) && all.len == 0 && list->len > 0;
}

/* --- names ----------------------------------------------------------------------------------------------------- */

static bool is_in_names(unsigned char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
	       byte == '_';
}

static unsigned char lower(unsigned char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + ('a' - 'A')) : byte;
}

static bool copy_name(char name[TLS_NAME_SIZE], struct bytes said)
{
	if (said.len > 0 && said.data[said.len - 1] == '.')
		said.len--;
	if (said.len == 0 || said.len >= TLS_NAME_SIZE || said.data[0] == '.' || said.data[said.len - 1] == '.')
		return false;
	for (size_t i = 0; i < said.len; i++) {
		unsigned char byte = lower(said.data[i]);
		if (!is_in_names(byte) || (byte == '.' && i > 0 && name[i - 1] == '.')) {
			name[0] = '\0';
			return false;
		}
		name[i] = (char)byte;
	}
	name[said.len] = '\0';
	return true;
}

bool tls_hello_read_name(struct tls_hello *hello, const unsigned char *data, size_t len)
{
	struct bytes list, name;
	unsigned type;

	hello->name[0] = '\0';
	if (data == NULL)
		return true;
	return take_list(data, len, &list) && take_byte(&list, &type) && type == HOST_NAME && take_long(&list, &name) &&
	       list.len == 0 && copy_name(hello->name, name);
}

/* --- protocols ------------------------------------------------------------------------------------------------- */

/* How many protocols there are, and how many of them are this one. False: malformed. */
static bool count(const struct tls_hello *hello, const char *protocol, size_t *all, size_t *found)
{
	struct bytes list, one;
	unsigned len;

	*all = *found = 0;
	if (hello->alpn == NULL || !take_list(hello->alpn, hello->alpn_len, &list))
		return false;
	while (list.len > 0) {
		if (!take_byte(&list, &len) || len == 0 || !take_part(&list, len, &one))
			return false;
		*found += one.len == strlen(protocol) && memcmp(one.data, protocol, one.len) == 0;
		++*all;
	}
	return true;
}

bool tls_hello_offers(const struct tls_hello *hello, const char *protocol)
{
	size_t all, found;

	return count(hello, protocol, &all, &found) && found > 0;
}

bool tls_hello_offers_alone(const struct tls_hello *hello, const char *protocol)
{
	size_t all, found;

	return count(hello, protocol, &all, &found) && found == 1 && all == 1;
}
