/* host_name: first what is no name at all (scheme, path, port), then addresses, then labels one by one. */
#include "orchestrator/config/host_name.h"

#include "orchestrator/base/address.h"

#include <ctype.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 253 /* RFC 1035 section 2.3.4, without the last dot */
#define LABEL_MAX_BYTES 63

static bool read_address(const char *text, char name[HOST_NAME_SIZE])
{
	char bare[INET6_ADDRSTRLEN];
	struct address address;
	size_t len = strlen(text);

	if (text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len >= sizeof(bare))
		return false;
	memcpy(bare, text, len);
	bare[len] = '\0';
	if (!address_of_host(bare, 0, &address))
		return false;
	address_format_host((const struct sockaddr *)&address.addr, name);
	return true;
}

bool host_name_is_address(const char *name)
{
	struct address address;

	return address_of_host(name, 0, &address);
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text > 0x7e)
			return false;
	return true;
}

/* To A-labels in small letters. */
static bool to_ascii(const char *text, char *out, size_t room, struct err *err)
{
	char *made = NULL;
	int problem = IDN2_OK;

	if (!is_ascii(text))
		problem = idn2_to_ascii_8z(text, &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (problem != IDN2_OK)
		return err_set(err, "no host's name (%s)", idn2_strerror(problem));
	const char *from = made != NULL ? made : text;
	size_t len = strlen(from);
	if (len > 0 && from[len - 1] == '.')
		len--;
	if (len < room) {
		for (size_t i = 0; i < len; i++)
			out[i] = (char)tolower((unsigned char)from[i]);
		out[len] = '\0';
	}
	idn2_free(made);
	return (len > 0 && len < room) || err_set(err, "a host's name has 1 to %d bytes", NAME_MAX_BYTES);
}

static bool check_label(const char *label, size_t len, struct err *err)
{
	if (len == 0 || len > LABEL_MAX_BYTES)
		return err_set(err, "between two dots of a host's name stand 1 to %d characters", LABEL_MAX_BYTES);
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)label[i]) && label[i] != '-' && label[i] != '_')
			return err_set(err, "letters, digits, - and _ are allowed between the dots of a host's name");
	if (label[0] == '-' || label[len - 1] == '-')
		return err_set(err, "no part of a host's name begins or ends with -");
	return true;
}

static bool check_labels(const char *name, struct err *err)
{
	for (;;) {
		size_t len = strcspn(name, ".");
		if (!check_label(name, len, err))
			return false;
		if (name[len] == '\0')
			return true;
		name += len + 1;
	}
}

/* What people write who think of an address in a browser. */
static bool check_is_only_host(const char *text, struct err *err)
{
	if (strchr(text, '/') != NULL)
		return err_set(err, "write the host alone, without http:// and path");
	if (strchr(text, ':') != NULL)
		return err_set(err, "write it without the port: hosts are compared without one");
	if (strcmp(text, "*") == 0)
		return err_set(err, "to serve every host that nobody names, name none; below one it is *.example.org");
	if (strchr(strncmp(text, "*.", 2) == 0 ? text + 2 : text, '*') != NULL)
		return err_set(err, "* stands only for all that is in front of a name, as in *.example.org");
	return true;
}

bool host_name_read(const char *text, char name[HOST_NAME_SIZE], struct err *err)
{
	size_t skip = strncmp(text, "*.", 2) == 0 ? 2 : 0;

	if (read_address(text, name))
		return true;
	if (!check_is_only_host(text, err))
		return false;
	memcpy(name, text, skip);
	if (!to_ascii(text + skip, name + skip, NAME_MAX_BYTES + 1, err) || !check_labels(name + skip, err))
		return false;
	return skip == 0 || !host_name_is_address(name + skip) || err_set(err, "there is nothing below an IP address");
}
