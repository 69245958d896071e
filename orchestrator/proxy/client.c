/* client: fields from the last to the first, entries from the last to the first. */
#include "orchestrator/proxy/client.h"

#include <string.h>

/* The last entry of the list, without space around it; the list is what stands before it then. False: there is none. */
static bool take_last(struct http_text *list, struct http_text *entry)
{
	uint32_t end = list->len;

	if (list->data == NULL)
		return false;
	const char *comma = memrchr(list->data, ',', end);
	const char *start = comma != NULL ? comma + 1 : list->data, *stop = list->data + end;
	while (start < stop && (*start == ' ' || *start == '\t'))
		start++;
	while (start < stop && (stop[-1] == ' ' || stop[-1] == '\t'))
		stop--;
	*entry = (struct http_text){start, (uint32_t)(stop - start)};
	*list = (struct http_text){comma != NULL ? list->data : NULL,
	                           comma != NULL ? (uint32_t)(comma - list->data) : 0};
	return true;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80". */
static bool read_address(struct http_text entry, struct address *address)
{
	char host[INET6_ADDRSTRLEN + 2];
	const char *colon = memchr(entry.data, ':', entry.len);
	size_t len = entry.len;

	if (len > 0 && entry.data[0] == '[') {
		const char *close = memchr(entry.data, ']', len);
		if (close == NULL || (close + 1 < entry.data + len && close[1] != ':'))
			return false;
		entry.data++;
		len = (size_t)(close - entry.data);
	} else if (colon != NULL && memchr(colon + 1, ':', len - (size_t)(colon + 1 - entry.data)) == NULL) {
		len = (size_t)(colon - entry.data);
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, entry.data, len);
	host[len] = '\0';
	return address_of_host(host, 0, address);
}

bool client_find(const struct http_head *head, const struct networks *trusted, char text[INET6_ADDRSTRLEN])
{
	struct http_text entry;
	struct address address;
	bool found = false;

	for (unsigned i = head->count; i > 0; i--) {
		struct http_text list = head->fields[i - 1].value;
		if (head->fields[i - 1].id != HTTP_X_FORWARDED_FOR)
			continue;
		while (take_last(&list, &entry)) {
			if (entry.len == 0)
				continue;
			if (!read_address(entry, &address))
				return found;
			address_format_host((const struct sockaddr *)&address.addr, text);
			found = true;
			if (!networks_have(trusted, (const struct sockaddr *)&address.addr))
				return true;
		}
	}
	return found;
}
