/* troubles: state_dir first, then the access log, then certificates. */
#include "orchestrator/troubles.h"

#include "orchestrator/base/write_fault.h"
#include "orchestrator/certs/certs.h"
#include "orchestrator/config/config.h"
#include "orchestrator/fleet/lately_file.h"
#include "orchestrator/proxy/proxy.h"

#include <string.h>

static void explain_log(const struct troubles *troubles, char cause[CAUSE_SIZE])
{
	int problem = proxy_log_problem(troubles->proxy);

	cause_write(cause, CAUSE_LOG_UNWRITTEN,
	            &(struct cause_facts){.name = troubles->config->access_log,
	                                  .words = strerror(problem),
	                                  .remedy = write_fault_remedy(problem),
	                                  .number = (long long)proxy_lines_lost(troubles->proxy)});
}

static bool of_certificate(const struct troubles *troubles, size_t index, char cause[CAUSE_SIZE])
{
	const char *why = certs_trouble(troubles->certs, index);

	if (why != NULL)
		cause_write(cause, CAUSE_CERTIFICATE_REFUSED, &(struct cause_facts){.words = why});
	return why != NULL;
}

bool troubles_at(const struct troubles *troubles, size_t index, const char **what, char cause[CAUSE_SIZE])
{
	if (lately_file_trouble(troubles->lately, cause) && index-- == 0) {
		*what = "state";
		return true;
	}
	if (proxy_log_problem(troubles->proxy) != 0 && index-- == 0) {
		*what = "access-log";
		explain_log(troubles, cause);
		return true;
	}
	*what = "certificate";
	return of_certificate(troubles, index, cause);
}
