/* resolver: one evdns base for the whole time; what it knows is thrown away and read again.
 *
 * Sockets are made anew with it: while a network was away the kernel may have noted that packets from the old ones go to
 * where nobody listens any more, and each try renews that note.
 */
#include "services/acts/resolver.h"

#include "common/mem.h"

#include <event2/dns.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

struct resolver {
	struct evdns_base *dns;
	const char *path;
	struct stat read; /* the file that was read; all 0: there was none */
};

static struct stat look(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st : (struct stat){.st_size = 0};
}

static bool is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       is_same_time(a->st_mtim, b->st_mtim) && is_same_time(a->st_ctim, b->st_ctim);
}

/* The file is looked at first: one that is written meanwhile is read once more. Options that it no longer has go back to
 * what they are without it. Case games with the name ("0x20") confuse some small resolvers, Docker's early ones among
 * them.
 */
static void read_file(struct resolver *resolver)
{
	resolver->read = look(resolver->path);
	evdns_base_set_option(resolver->dns, "attempts", "3");
	evdns_base_resolv_conf_parse(resolver->dns, DNS_OPTIONS_ALL, resolver->path);
	evdns_base_set_option(resolver->dns, "randomize-case", "0");
	evdns_base_set_option(resolver->dns, "timeout", "1");
}

struct resolver *resolver_new(struct event_base *base, const char *path)
{
	struct resolver *resolver = mem_zero(sizeof(*resolver));

	resolver->dns = evdns_base_new(base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	resolver->path = path;
	read_file(resolver);
	return resolver;
}

struct evdns_base *resolver_dns(struct resolver *resolver)
{
	return resolver->dns;
}

void resolver_follow(struct resolver *resolver)
{
	struct stat now = look(resolver->path);

	if (!is_same_file(&now, &resolver->read))
		resolver_renew(resolver);
}

void resolver_renew(struct resolver *resolver)
{
	evdns_base_clear_nameservers_and_suspend(resolver->dns);
	evdns_base_search_clear(resolver->dns);
	evdns_base_clear_host_addresses(resolver->dns);
	read_file(resolver);
	evdns_base_resume(resolver->dns);
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	evdns_base_free(resolver->dns, 0);
	free(resolver);
}
