/* hop: reads a head that forward wrote, so each line is "Name: value" and ends in CRLF; the number is counted down where
 * it stands, so that whatever points into the head stays right.
 */
#include "orchestrator/proxy/hop.h"

#include "common/http_head.h"

#include <string.h>

#define NAME "max-forwards"

/* Is it made of digits from 0 to `last`? */
static bool is_of_digits(struct http_text text, char last)
{
	for (uint32_t i = 0; i < text.len; i++)
		if (text.data[i] < '0' || text.data[i] > last)
			return false;
	return text.len > 0;
}

/* The digits, not all of them 0. A 0 that this puts in front becomes a space, which may stand before a value: "10" is
 * " 9" then, and nobody takes it for an octal number. */
static void count_down(char *digits, size_t len)
{
	size_t at = len - 1;

	while (digits[at] == '0')
		digits[at--] = '9';
	digits[at]--;
	if (at == 0 && digits[0] == '0' && len > 1)
		digits[0] = ' ';
}

/* number: is one. */
static enum hop spend(struct buf *head, struct http_text number)
{
	if (is_of_digits(number, '0'))
		return HOP_ENDS;
	count_down(head->data + (number.data - head->data), number.len);
	return HOP_ON;
}

/* The value, if this line (without CRLF) is a Max-Forwards field. */
static bool is_max_forwards(struct http_text line, struct http_text *value)
{
	const char *colon = memchr(line.data, ':', line.len);

	if (colon == NULL || !http_text_is((struct http_text){line.data, (uint32_t)(colon - line.data)}, NAME))
		return false;
	const char *start = colon + strlen(": "), *end = line.data + line.len;
	*value = (struct http_text){start, (uint32_t)(end - start)};
	return true;
}

/* How many there are; the last one's value. */
static unsigned find(const struct buf *head, struct http_text *value)
{
	const char *end = head->data + head->len, *at = memchr(head->data, '\n', head->len);
	unsigned count = 0;

	while (at != NULL && ++at < end) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		if (next != NULL && next > at + 1)
			count += is_max_forwards((struct http_text){at, (uint32_t)(next - at - 1)}, value);
		at = next;
	}
	return count;
}

static bool asks_for_all(const struct buf *head)
{
	const char *space = memchr(head->data, ' ', head->len);

	return space != NULL && strncmp(space, " * ", 3) == 0;
}

enum hop hop_take(struct buf *head)
{
	struct http_text value = {NULL, 0};
	unsigned count = find(head, &value);

	if (count > 1 || (count == 1 && !is_of_digits(value, '9')))
		return HOP_BAD;
	if (asks_for_all(head))
		return HOP_ENDS;
	return count == 1 ? spend(head, value) : HOP_ON;
}
