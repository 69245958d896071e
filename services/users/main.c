/* users: who may post. */
#include "services/service.h"
#include "services/users/users_api.h"
#include "services/users/users_store.h"
#include "services/users/users_transfer.h"

static const char *const COUNTED[] = {"/api/v1/users", NULL};

int main(int argc, char **argv)
{
	const struct service_kind kind = {
	        .name = "users",
	        .texts = users_texts,
	        .counted = COUNTED,
	        .transfer = &users_transfer,
	        .routes = users_routes,
	        .route_count = users_route_count,
	        .tables_open = users_tables_open,
	        .tables_close = users_tables_close,
	        .api_open = users_api_open,
	        .api_stop = users_api_stop,
	        .api_close = users_api_close,
	};

	return service_main(&kind, argc, argv);
}
