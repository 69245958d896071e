/* acme_view: fields. */
#include "orchestrator/certs/acme_view.h"

#define SECOND_MS INT64_C(1000)

struct acme_view acme_view_of(const struct acme_record *record, const struct certificate *certificate)
{
	return (struct acme_view){
	        .issuer = certificate != NULL ? certificate->issuer : NULL,
	        .until_s = certificate != NULL ? certificate->until_s : 0,
	        .soon_s = certificate != NULL ? certificate_soon_s(certificate) : 0,
	        .wished = certificate != NULL && record->window.until_s > 0,
	        .issued_by = record->issued_by,
	        .challenge = record->challenge,
	        .failure = record->failure,
	        .remedy = record->remedy,
	        .failed_at = record->tries.last,
	        .failed_s = record->failed_ms / SECOND_MS,
	        .failures = record->failures,
	};
}
