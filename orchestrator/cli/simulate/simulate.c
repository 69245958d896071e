/* simulate: trace -> simulation -> report and chart. */
#include "orchestrator/cli/simulate/simulate.h"

#include "orchestrator/cli/simulate/chart.h"
#include "orchestrator/cli/simulate/report.h"

#include <errno.h>
#include <string.h>

static const struct config_service *find_service(const struct config *config, const char *name, struct err *err)
{
	char known[256] = "";

	for (size_t i = 0; i < config_service_count(config); i++) {
		const struct config_service *service = config_service_at(config, i);
		if (name == NULL || strcmp(service->name, name) == 0)
			return service;
		size_t len = strlen(known);
		snprintf(known + len, sizeof(known) - len, "%s%s", i > 0 ? ", " : "", service->name);
	}
	err_set(err, "--service: \"%s\" is not configured; there is %s", name, known);
	return NULL;
}

static bool tell(const struct simulate_settings *settings, const struct simulation *simulation,
                 const struct trace *trace, const char *service, struct err *err)
{
	if (settings->chart_path != NULL && !chart_write(simulation, trace, service, settings->chart_path, err))
		return false;
	if (!settings->json)
		report_text(simulation, service, stdout);
	else if (!report_json(simulation, service, stdout, err))
		return false;
	return fflush(stdout) == 0 || err_set_errno(err, errno, "standard output");
}

bool simulate(const struct simulate_settings *settings, struct err *err)
{
	const struct config_service *service = find_service(settings->config, settings->service, err);
	struct trace trace;

	if (service == NULL || !trace_load(settings->trace_path, &trace, err))
		return false;
	struct simulation simulation;
	simulation_run(&service->scale, settings->start_ms, &trace, &simulation);
	bool ok = tell(settings, &simulation, &trace, service->name, err);
	simulation_clear(&simulation);
	trace_clear(&trace);
	return ok;
}
