/* acme_wish: one identifier, a profile, a predecessor. */
#include "orchestrator/certs/acme_wish.h"

#include "common/json.h"
#include "common/mem.h"
#include "orchestrator/config/host_name.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define PAYLOAD_MAX 8192
#define NAMES_SIZE 200

bool acme_wish_fits(const struct acme_wish *wish, const struct acme_directory *directory)
{
	if (wish->profile[0] == '\0')
		return true;
	for (size_t i = 0; i < directory->profiles.count; i++)
		if (strcmp(directory->profiles.items[i], wish->profile) == 0)
			return true;
	return false;
}

static void say_no_profile(const char *profile, const struct acme_directory *directory, struct acme_failure *failure)
{
	char names[NAMES_SIZE] = "";

	for (size_t i = 0; i < directory->profiles.count; i++) {
		size_t len = strlen(names);
		snprintf(names + len, sizeof(names) - len, "%s%s", i > 0 ? ", " : "", directory->profiles.items[i]);
	}
	acme_failure_say(failure, "correct acme.profile, or leave it out",
	                 "acme.profile \"%s\" is none that the CA has: it has %s", profile,
	                 names[0] != '\0' ? names : "none");
}

static char *write_payload(const struct acme_wish *wish, bool replaces)
{
	struct json_writer w;
	struct buf buf;

	buf_init(&buf, PAYLOAD_MAX);
	json_writer_init(&w, &buf);
	json_begin_object(&w);
	json_key(&w, "identifiers");
	json_begin_array(&w);
	json_begin_object(&w);
	json_member_text(&w, "type", host_name_is_address(wish->host) ? "ip" : "dns");
	json_member_text(&w, "value", wish->host);
	json_end_object(&w);
	json_end_array(&w);
	if (wish->profile[0] != '\0')
		json_member_text(&w, "profile", wish->profile);
	if (replaces)
		json_member_text(&w, "replaces", wish->replaces);
	json_end_object(&w);
	assert(json_writer_ok(&w));
	char *text = mem_dup(buf_text(&buf));
	buf_clear(&buf);
	return text;
}

char *acme_wish_payload(const struct acme_wish *wish, const struct acme_directory *directory,
                        struct acme_failure *failure)
{
	if (acme_wish_fits(wish, directory))
		return write_payload(wish, wish->replaces != NULL && directory->renewal_info != NULL);
	say_no_profile(wish->profile, directory, failure);
	return NULL;
}
