/* outcome: a write of a service's store, without the queue of jobs. */
#pragma once

#include "services/jobs.h"
#include "tests/unit/unit.h"

/* sent: what the function that was given the job has returned; outside a transaction it is one of its own. Returns what the
 * job's owner would hear. */
static inline enum job_result outcome_of(struct store *store, struct job *job, enum job_result sent)
{
	struct err err;

	ck_assert_msg(sent == JOB_OK, "%s", job->err.message);
	ck_assert(store_settle(store, &err));
	job->result = sent;
	return job_settled(job);
}
