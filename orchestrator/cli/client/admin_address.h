/* admin_address: where a running orchestrator's admin API is to be asked. Pure. */
#pragma once

#include "common/err.h"
#include "orchestrator/base/options.h"

#define ADMIN_ADDRESS_SIZE 128

/* text as the host of a URL: ADDRESS:PORT or NAME:PORT. False with what is wrong about it. */
bool admin_address_check(const char *text, char address[ADMIN_ADDRESS_SIZE], struct err *err) MUST_CHECK;

/* Of the addresses that the configuration lets admin listen on (ADDRESS:PORT, checked): the first on loopback, which
 * asks for no token, else the first; "node:PORT" is none of them. "Any address" becomes this host's loopback. False if there is none. */
bool admin_address_pick(const struct strings *admin, char address[ADMIN_ADDRESS_SIZE], struct err *err) MUST_CHECK;
