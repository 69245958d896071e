/* acts: categories, and the acts in them. */
#include "services/acts/acts_api.h"
#include "services/acts/acts_store.h"
#include "services/acts/acts_transfer.h"
#include "services/service.h"

static const char *const COUNTED[] = {"/api/v1/categories", "/api/v1/acts", NULL};

int main(int argc, char **argv)
{
	const struct service_kind kind = {
	        .name = "acts",
	        .texts = acts_texts,
	        .counted = COUNTED,
	        .transfer = &acts_transfer,
	        .routes = acts_routes,
	        .route_count = acts_route_count,
	        .tables_open = acts_tables_open,
	        .tables_close = acts_tables_close,
	        .api_open = acts_api_open,
	        .api_stop = acts_api_stop,
	        .api_close = acts_api_close,
	};

	return service_main(&kind, argc, argv);
}
