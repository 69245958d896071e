/* acme_kept: two files, and how many callbacks of acme_files are to come: until they have, the memory stays. */
#include "orchestrator/certs/acme_kept.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/base/write_fault.h"

#include <stdlib.h>

static const struct backoff_pace again_pace = {.first_us = 10000000, .most_us = 600000000};

struct acme_kept {
	struct acme_files *files;
	char *host;
	struct acme_record record;
	char *pem;       /* what HOST.pem is to hold, and does not yet; NULL: nothing */
	bool pem_told;   /* that it could not be written */
	bool unrecorded; /* HOST.json is older than the record */
	struct backoff again;
	unsigned writes;
	bool gone;
};

struct keeping {
	struct acme_kept *kept;
	acme_written *done;
	void *arg;
};

/* --- life ------------------------------------------------------------------------------------------------------ */

struct acme_kept *acme_kept_new(struct acme_files *files, const char *host)
{
	struct acme_kept *kept = mem_zero(sizeof(*kept));

	kept->files = files;
	kept->host = mem_dup(host);
	return kept;
}

static void destroy(struct acme_kept *kept)
{
	acme_record_clear(&kept->record);
	acme_files_free_secret(kept->pem);
	free(kept->host);
	free(kept);
}

void acme_kept_free(struct acme_kept *kept)
{
	if (kept == NULL)
		return;
	kept->gone = true;
	if (kept->writes == 0)
		destroy(kept);
}

struct acme_record *acme_kept_record(struct acme_kept *kept)
{
	return &kept->record;
}

bool acme_kept_is_busy(const struct acme_kept *kept)
{
	return kept->writes > 0;
}

bool acme_kept_has_pem(const struct acme_kept *kept)
{
	return kept->pem != NULL;
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static void warn_unwritten(const struct acme_kept *kept, const char *ending, const struct err *err)
{
	char *name = mem_format("%s.%s", kept->host, ending);

	log_error(
	        "event=certificate-not-kept host=%s file=%s error=%s remedy=\"%s: it is tried again, and shown meanwhile\"",
	        kept->host, log_quote(name), log_quote(err->message), write_fault_remedy(err->code));
	free(name);
}

/* False: nobody is there any more who wants to know, and by now kept may be gone, too. */
static bool wrote(struct keeping *keeping)
{
	struct acme_kept *kept = keeping->kept;

	kept->writes--;
	if (!kept->gone)
		return true;
	if (kept->writes == 0)
		destroy(kept);
	return false;
}

static void tell(const struct keeping *keeping, const struct err *err)
{
	if (err != NULL)
		backoff_fail_at(&keeping->kept->again, again_pace, RETRY_STATE);
	else
		backoff_reset(&keeping->kept->again);
	if (keeping->done != NULL)
		keeping->done(err, keeping->arg);
}

static void on_record(const struct err *err, void *arg)
{
	struct keeping *keeping = arg;
	struct acme_kept *kept = keeping->kept;

	if (wrote(keeping)) {
		if (err != NULL && !kept->unrecorded)
			warn_unwritten(kept, "json", err);
		kept->unrecorded = err != NULL;
		tell(keeping, err);
	}
	free(keeping);
}

static void on_pem(const struct err *err, void *arg)
{
	struct keeping *keeping = arg;
	struct acme_kept *kept = keeping->kept;

	if (wrote(keeping)) {
		if (err != NULL && !kept->pem_told)
			warn_unwritten(kept, "pem", err);
		kept->pem_told = err != NULL;
		if (err == NULL) {
			acme_files_free_secret(kept->pem);
			kept->pem = NULL;
		}
		tell(keeping, err);
	}
	free(keeping);
}

static void write_file(struct acme_kept *kept, const char *ending, const char *text, acme_written *written,
                       const struct keeping *what)
{
	struct keeping *keeping = mem_zero(sizeof(*keeping));

	*keeping = *what;
	kept->writes++;
	acme_files_write(kept->files, kept->host, ending, text, written, keeping);
}

void acme_kept_write(struct acme_kept *kept, acme_written *done, void *arg)
{
	char *text = acme_record_text(&kept->record);

	write_file(kept, "json", text, on_record, &(struct keeping){.kept = kept, .done = done, .arg = arg});
	acme_files_free_secret(text);
}

void acme_kept_set_stale(struct acme_kept *kept)
{
	kept->unrecorded = true;
}

static void write_pem(struct acme_kept *kept, acme_written *done, void *arg)
{
	write_file(kept, "pem", kept->pem, on_pem, &(struct keeping){.kept = kept, .done = done, .arg = arg});
}

void acme_kept_write_pem(struct acme_kept *kept, char *pem, acme_written *done, void *arg)
{
	acme_files_free_secret(kept->pem);
	kept->pem = pem;
	kept->pem_told = false;
	write_pem(kept, done, arg);
}

void acme_kept_write_again(struct acme_kept *kept, acme_written *done, void *arg)
{
	if (!backoff_due(&kept->again))
		return;
	if (kept->pem != NULL)
		write_pem(kept, done, arg);
	else if (kept->unrecorded)
		acme_kept_write(kept, NULL, NULL);
}
