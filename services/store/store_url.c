/* store_url: the parts of a store's url, for those who have no use for a table of drivers. */
#include "services/store/store_driver.h"

#include <string.h>

const char *store_url_rest(const char *url)
{
	const char *colon = url + strcspn(url, ":");

	return *colon == ':' ? colon + 1 : colon;
}
