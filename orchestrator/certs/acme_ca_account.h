/* acme_ca_account: our account with a CA, made, found again and told of our address, on behalf of an ask that goes on then. */
#pragma once

#include "orchestrator/certs/acme_ask.h"

/* Makes the account, or finds it again. */
void acme_ca_account_ask(struct acme_ask *ask);

/* Tells it our address. */
void acme_ca_account_tell(struct acme_ask *ask);

/* True: the ask goes on; the CA has lost the account. */
bool acme_ca_account_is_lost(struct acme_ask *ask, const struct acme_problem *problem);
