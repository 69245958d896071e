/* web: the page people use, served from memory: GET / and GET /web/{file}.
 *
 * It knows nothing of acts: what the page shows it asks for itself, through the API.
 */
#pragma once

#include "services/rest/rest.h"

/* The rows for a service's route table. */
#define WEB_ROUTES                                   \
	{HTTP_GET, "/", web_on_page},                \
	{                                            \
		HTTP_GET, "/web/{file}", web_on_file \
	}

rest_handler web_on_page, web_on_file;
