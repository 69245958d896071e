/* net_fault: the table of errors that say something about the peer. */
#include "orchestrator/base/net_fault.h"

#include <errno.h>
#include <stddef.h>

static const struct row {
	int error;
	enum net_fault fault;
	const char *words;
} rows[] = {
        {ECONNREFUSED, NET_FAULT_REFUSED, "connection refused at"},
        {ENOENT, NET_FAULT_REFUSED, "there is no socket yet at"},
        {ENOTSOCK, NET_FAULT_REFUSED, "there is something else than a socket at"},
        {EHOSTUNREACH, NET_FAULT_REFUSED, "no route to"},
        {ENETUNREACH, NET_FAULT_REFUSED, "no route to"},
        {EHOSTDOWN, NET_FAULT_REFUSED, "no host at"},
        {ECONNRESET, NET_FAULT_RESET, "connection reset before a reply by"},
        {EPIPE, NET_FAULT_RESET, "connection closed before a reply by"},
        {ETIMEDOUT, NET_FAULT_TIMEOUT, "connecting timed out at"},
};

static const struct row *row_of(int error)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].error == error)
			return &rows[i];
	return NULL;
}

enum net_fault net_fault(int error)
{
	const struct row *row = row_of(error);

	return row != NULL ? row->fault : NET_FAULT_OURS;
}

const char *net_fault_words(int error)
{
	const struct row *row = row_of(error);

	return row != NULL ? row->words : NULL;
}

bool net_fault_is_of_the_way(int error)
{
	return error == EHOSTUNREACH || error == ENETUNREACH || error == EHOSTDOWN || error == ETIMEDOUT;
}
