#ifndef QUEUED_LOCAL_RUNNER_H
#define QUEUED_LOCAL_RUNNER_H
/* What roles "run" and "forward" have in common: deliveries to commands and
 * files, each by a process of its own, which can wait. A forward file is read
 * by such a process, too: its file system may hang. */
#include "proc/role.h"
#include "queued/list.h"

struct runner {
	struct proc *proc;
	struct list jobs;
	unsigned n_jobs;
	uint64_t total;
	struct signal_handle *on_child;
	bool is_stopping;
	bool by_forward; /* only what the forward file names is delivered to */
	char user[65], home[4096];
};

/* name: whose user and home the commands are told; NULL: this process's. */
void runner_init(struct runner *r, struct proc *p, const char *name);
/* RUN_MAIL or RUN_FILE; takes fd. One RAN answers it. */
void runner_deliver(
    struct runner *r, struct peer *from, const struct msg *m, int fd);
/* FORWARD_ASK. FORWARD_TARGETs and one FORWARD_READ answer it. */
void runner_read(struct runner *r, struct peer *from, uint64_t id);
/* Its jobs are ended: the queue will ask another process. */
void runner_peer_gone(struct runner *r, const struct peer *peer);
/* Calls proc_exit when the jobs are over. */
void runner_stop(struct runner *r);
#endif
