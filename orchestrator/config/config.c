/* config: hands out parts. */
#include "orchestrator/config/config.h"

size_t config_certificate_count(const struct config *config)
{
	return config->tls.certificates.count;
}

const struct config_certificate *config_certificate_at(const struct config *config, size_t index)
{
	return (const struct config_certificate *)config->tls.certificates.items + index;
}

size_t config_redirect_count(const struct config *config)
{
	return config->redirects.count;
}

const struct config_redirect *config_redirect_at(const struct config *config, size_t index)
{
	return (const struct config_redirect *)config->redirects.items + index;
}

size_t config_service_count(const struct config *config)
{
	return config->services.count;
}

const struct config_service *config_service_at(const struct config *config, size_t index)
{
	return (const struct config_service *)config->services.items + index;
}

int64_t config_port_span(const struct config_service *service)
{
	int64_t slots = service->scale.max + service->scale.spares;
	bool spare_behind = service->roll_port == 0 || service->roll_port == service->first_port + slots;

	return slots + (spare_behind ? 1 : 0);
}

int64_t config_port_end(const struct config_service *service)
{
	return service->first_port + config_port_span(service);
}
