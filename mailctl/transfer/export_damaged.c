#include "mailctl/transfer/export_damaged.h"
#include "mailctl/store/salvage.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CPU_BASE_S = 120, /* and one for each MiB: a loop in damage ends */
};

static const char copy[] = "export.tmp";

static void on_violation(void *ctx, const struct violation *v)
{
	bool *can_read = ctx;
	if (strcmp(v->invariant, "table-readable") == 0)
		*can_read = false;
}

static void set_limits(void)
{
	struct stat st;
	uint64_t size = stat("data.mdb", &st) == 0 ? (uint64_t)st.st_size : 0;
	rlim_t cpu = CPU_BASE_S + (rlim_t)(size >> 20);
	const struct rlimit cpu_limit = { cpu, cpu }, none = { 0, 0 };
	setrlimit(RLIMIT_CPU, &cpu_limit);
	setrlimit(RLIMIT_CORE, &none);
}

static _Noreturn void try_to_read(void)
{
	struct store *s;
	struct check_result r;
	bool can_read = true;
	const struct store_options options = { .readonly = true };
	const struct check_options check = {
		.bodies = true, .on_violation = on_violation, .ctx = &can_read
	};
	set_limits();
	int error = store_open(".", &options, &s);
	/* No store, or another version's, is no damage. */
	if (error)
		_exit(error == MC_E_CORRUPT);
	error = store_check(s, &check, &r);
	_exit(error || !can_read);
}

bool export_can_read(void)
{
	int status;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		try_to_read();
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return true;
	return pid < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void on_note(void *ctx, const struct repair_note *n)
{
	char where[64];
	struct report *report = ctx;
	/* Messages that lack bytes are told when their turn comes. */
	if (!n->is_loss || strcmp(n->invariant, "body-checksum") == 0 ||
	    strcmp(n->invariant, "body-frames") == 0)
		return;
	snprintf(where, sizeof where, "mailbox %u, UID %u, message %llu",
	    (unsigned)n->mailbox, (unsigned)n->uid,
	    (unsigned long long)n->msgid);
	report_problem(report, view_of(where), n->invariant);
}

int export_copy_open(struct report *report, struct store **out)
{
	struct kv_pages_result pages;
	struct repair_result repaired;
	const struct store_options options = { .damaged = true };
	int error = salvage_into(copy, &pages);
	if (!error)
		error = store_open(copy, &options, out);
	if (error)
		return error;
	const struct repair_options repair = {
		.lost_tables = pages.lost, .on_note = on_note, .ctx = report
	};
	report_problem(report, V("the store"),
	    pages.bad ? pages.first_bad : "it cannot be read to its end");
	error = store_repair(*out, &repair, &repaired);
	if (error)
		store_close(out);
	return error;
}

void export_copy_remove(void)
{
	salvage_remove(copy);
}
