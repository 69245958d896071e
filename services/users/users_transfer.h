/* users_transfer: users as lines: see transfer.h and docs/transfer.md. */
#pragma once

#include "services/transfer.h"

extern const struct transfer_kind users_transfer;
