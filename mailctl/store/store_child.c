/* The child of mailctl store, seen from both sides. */
#include "mailctl/store/store.h"
#include "proc/isolation/drop.h"
#include "proc/spawn.h"
#include "store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ARGS_MAX = 1000,
	LINE_MAX_ = 1 << 20,
	REPORTS_MAX = 100000,
	CPU_BASE_S = 120, /* and one for each MiB: a loop in damage ends */
};

/* The parent. */

struct report {
	json_t *result;
	char phase[32];
	uint64_t n;
};

static void add(json_t *result, const char *key, json_t *value)
{
	char plural[64];
	snprintf(plural, sizeof plural, "%ss", key);
	json_t *all = json_object_get(result, plural);
	if (!all) {
		all = json_array();
		json_object_set_new(result, plural, all);
	}
	json_array_append(all, value);
}

/* {"progress": [done, total]} */
static void draw(const json_t *v)
{
	json_int_t done = json_integer_value(json_array_get(v, 0));
	json_int_t total = json_integer_value(json_array_get(v, 1));
	if (isatty(STDERR_FILENO) == 1)
		fprintf(stderr, "\r\033[K%lld of %lld messages%s",
		    (long long)done, (long long)total,
		    done == total ? "\r\033[K" : "");
}

/* One line of the child: nothing in it is trusted to have a form. */
static void take_line(struct report *r, const char *line)
{
	json_t *v, *all = json_loads(line, 0, NULL);
	const char *key;
	json_object_foreach(all, key, v)
	{
		if (strcmp(key, "phase") == 0 && json_is_string(v))
			snprintf(r->phase, sizeof r->phase, "%s",
			    json_string_value(v));
		else if (strcmp(key, "result") == 0 && json_is_object(v))
			json_object_update(r->result, v);
		else if (strcmp(key, "progress") == 0)
			draw(v);
		else if (strcmp(key, "error") == 0)
			json_object_set(r->result, key, v);
		else if (r->n++ < REPORTS_MAX)
			add(r->result, key, v);
	}
	json_decref(all);
}

static void read_report(int fd, struct report *r)
{
	FILE *f = fdopen(fd, "r");
	char *line = malloc(LINE_MAX_);
	if (!f)
		close(fd);
	while (f && line && fgets(line, LINE_MAX_, f))
		take_line(r, line);
	free(line);
	if (f)
		fclose(f);
}

static _Noreturn void become_child(
    const struct store_target *t, char *const *argv, int report)
{
	char self[4096];
	if (fchdir(t->dir) != 0 ||
	    (t->input > 0 && dup2(t->input, STDIN_FILENO) < 0) ||
	    (t->output > 0 && dup2(t->output, STDOUT_FILENO) < 0))
		_exit(EX_OSERR);
	if (report == STORE_REPORT_FD)
		fcntl(report, F_SETFD, 0);
	else
		dup2(report, STORE_REPORT_FD);
	execv(spawn_self("mailctl", self, sizeof self), argv);
	_exit(EX_OSERR);
}

static int start(
    const struct store_target *t, char *const *argv, pid_t *pid, int *report)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	fflush(NULL);
	*pid = fork();
	int error = *pid < 0 ? -errno : 0;
	if (*pid == 0)
		become_child(t, argv, ends[1]);
	close(ends[1]);
	*report = ends[0];
	if (error)
		close(ends[0]);
	return error;
}

/* A child that was killed has read what nobody should: damage. */
static int died(const struct store_target *t, struct report *r, int signal)
{
	char text[160];
	snprintf(text, sizeof text,
	    "%s: the process that read it was ended by signal %d",
	    r->phase[0] ? r->phase : "open", signal);
	complain(STORE_DAMAGED, "%s: damaged: %s", t->address, text);
	json_object_set_new(r->result, "state", json_string("damaged"));
	json_t *v = json_pack("{s:s, s:s, s:s}", "invariant", "table-readable",
	    "text", "every page of a table can be read", "detail", text);
	add(r->result, "violation", v);
	json_decref(v);
	return STORE_DAMAGED;
}

static int judge(const struct store_target *t, struct report *r, int status)
{
	const char *text =
	    json_string_value(json_object_get(r->result, "error"));
	if (WIFSIGNALED(status))
		return died(t, r, WTERMSIG(status));
	int code = WEXITSTATUS(status);
	if (text)
		return complain(
		    code ? code : EX_SOFTWARE, "%s: %s", t->address, text);
	if (code == EX_OSERR)
		return complain(
		    EX_OSERR, "%s: cannot run a process", t->address);
	return code;
}

static int wait_for(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EX_OSERR << 8;
	return status;
}

int store_child_run(const struct store_target *t, const char *verb,
    char *const *args, json_t **out)
{
	char *argv[ARGS_MAX + 4] = { strdup("mailctl"), strdup("store-child"),
		strdup(verb) };
	struct report r = { .result = json_object() };
	pid_t pid = -1;
	int fd = -1, n = 0;
	while (args && args[n] && n < ARGS_MAX) {
		argv[n + 3] = args[n];
		n++;
	}
	json_object_set_new(r.result, "account", json_of_text(t->address));
	int code = 0, error = start(t, argv, &pid, &fd);
	if (!error) {
		read_report(fd, &r);
		code = judge(t, &r, wait_for(pid));
	} else {
		code =
		    complain(EX_OSERR, "%s: %s", t->address, err_text(error));
	}
	for (unsigned i = 0; i < 3; i++)
		free(argv[i]);
	*out = r.result;
	return code;
}

/* The child. */

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	bool any_length; /* it takes as long as its input is */
} verbs[] = {
	{ "check", store_child_check, false },
	{ "stats", store_child_stats, false },
	{ "compact", store_child_compact, false },
	{ "repair", store_child_repair, false },
	{ "undelete", store_child_undelete, false },
	{ "retention", store_child_retention, false },
	{ "expunge", store_child_expunge, false },
	{ "dump", store_child_dump, false },
	{ "load", store_child_load, true },
	{ "backup", store_child_backup, false },
	{ "uidvalidity", store_child_uidvalidity, false },
	{ "restore-all", store_child_restore_all, true },
	{ "restore", store_child_restore, true },
};

void store_child_report(const char *key, json_t *value)
{
	json_t *line = json_pack("{s:o}", key, value);
	char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (text)
		dprintf(STORE_REPORT_FD, "%s\n", text);
	free(text);
	json_decref(line);
}

void store_child_progress(void *ctx, uint64_t done, uint64_t total)
{
	enum {
		EVERY = 1000
	};

	(void)ctx;
	if (done % EVERY == 0 || done == total)
		store_child_report("progress",
		    json_pack("[I, I]", (json_int_t)done, (json_int_t)total));
}

int store_child_fail(int error, const char *what)
{
	char text[512];
	snprintf(text, sizeof text, "%s%s%s", what, *what ? ": " : "",
	    err_text(error));
	store_child_report("error", json_of_text(text));
	return error == MC_E_CORRUPT ? STORE_DAMAGED : exit_code_of(error);
}

/* The files must stay the user's: what a root process makes, agents could not
 * open. The directory was given to its owner by root; a data.mdb of somebody
 * else has no business in it. */
static int become_owner(void)
{
	struct stat dir, data;
	if (stat(".", &dir) != 0)
		return -errno;
	if (stat("data.mdb", &data) == 0 && data.st_uid != dir.st_uid)
		return MC_E_DENIED;
	if (geteuid() != 0 || dir.st_uid == 0)
		return 0;
	if (setgroups(0, NULL) != 0 ||
	    setresgid(dir.st_gid, dir.st_gid, dir.st_gid) != 0 ||
	    setresuid(dir.st_uid, dir.st_uid, dir.st_uid) != 0)
		return -errno;
	return setuid(0) == 0 ? MC_E_INTERNAL : 0;
}

static void set_limits(bool any_length)
{
	struct stat st;
	uint64_t size = stat("data.mdb", &st) == 0 ? (uint64_t)st.st_size : 0;
	rlim_t cpu = CPU_BASE_S + (rlim_t)(size >> 20);
	const struct rlimit cpu_limit = { cpu, cpu }, none = { 0, 0 };
	if (!any_length)
		setrlimit(RLIMIT_CPU, &cpu_limit);
	setrlimit(RLIMIT_CORE, &none);
}

int store_child_main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	fcntl(STORE_REPORT_FD, F_SETFD, FD_CLOEXEC);
	drop_descriptors(STORE_REPORT_FD + 1);
	umask(077);
	int error = become_owner();
	if (error == MC_E_DENIED)
		return store_child_fail(error,
		    "data.mdb belongs to another user than its directory");
	if (error)
		return store_child_fail(error, "cannot become its owner");
	for (size_t i = 0; argc && i < sizeof verbs / sizeof verbs[0]; i++) {
		if (strcmp(argv[0], verbs[i].name) != 0)
			continue;
		set_limits(verbs[i].any_length);
		return verbs[i].run(argc - 1, argv + 1);
	}
	return EX_USAGE;
}
