/* What the commands of backup and restore take. */
#include "mailctl/backup/backup.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	KEEP_MAX = 100000
};

static const char *const time_forms[] = { "%Y%m%dT%H%M%SZ",
	"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M" };

/* UTC. */
static int take_time(const char *text, int64_t *out)
{
	for (size_t i = 0; i < sizeof time_forms / sizeof time_forms[0]; i++) {
		struct tm tm;
		memset(&tm, 0, sizeof tm);
		const char *end = strptime(text, time_forms[i], &tm);
		if (!end || *end)
			continue;
		*out = timegm(&tm);
		return *out > 0 ? 0 : MC_E_BAD;
	}
	return MC_E_BAD;
}

struct option {
	const char *name;
	unsigned group;
	size_t flag, text; /* offset of one of them */
};

#define FLAG(name, group, member)                                              \
	{                                                                      \
		name, group, offsetof(struct backup_arguments, member), 0      \
	}
#define TEXT(name, group, member)                                              \
	{                                                                      \
		name, group, 0, offsetof(struct backup_arguments, member)      \
	}

static const struct option options[] = {
	FLAG("--all", OPTION_ALL, all),
	FLAG("--verify", OPTION_VERIFY, verify),
	FLAG("--replace", OPTION_RESTORE, replace),
	FLAG("--force-copy", OPTION_RESTORE, force_copy),
	FLAG("--dry-run", OPTION_RESTORE, dry_run),
	FLAG("--accounts", OPTION_RESTORE, accounts),
	FLAG("--configuration", OPTION_RESTORE, configuration),
	TEXT("--at", OPTION_AT, at),
	TEXT("--mailbox", OPTION_SELECT, mailbox),
	TEXT("--uid", OPTION_SELECT, uid),
	TEXT("--message-id", OPTION_SELECT, message_id),
	TEXT("--into", OPTION_RESTORE, into),
};

static const struct option *find(const char *name, unsigned allowed)
{
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if ((options[i].group & allowed) &&
		    strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

/* *i stands on it, and moves to its value. */
static int take_option(
    struct mailctl *m, int *i, unsigned allowed, struct backup_arguments *out)
{
	const char *name = m->args[*i];
	const char *value = *i + 1 < m->n_args ? m->args[*i + 1] : NULL;
	if ((allowed & OPTION_KEEP) && strcmp(name, "--keep") == 0) {
		++*i;
		return view_u32(view_of(value), &out->keep) && out->keep &&
			       out->keep <= KEEP_MAX
			   ? 0
			   : complain(EX_USAGE, "--keep wants a number");
	}
	const struct option *o = find(name, allowed);
	if (!o)
		return complain(EX_USAGE, "\"%s\": not expected", name);
	if (!o->text) {
		bool yes = true;
		memcpy((char *)out + o->flag, &yes, sizeof yes);
		return 0;
	}
	if (!value)
		return complain(EX_USAGE, "%s wants a value", name);
	++*i;
	memcpy((char *)out + o->text, &value, sizeof value);
	return 0;
}

static int take_one(
    struct mailctl *m, int *i, unsigned allowed, struct backup_arguments *out)
{
	const char *a = m->args[*i];
	if (a[0] == '-')
		return take_option(m, i, allowed, out);
	if (!out->dir)
		out->dir = a;
	else
		out->addresses[out->n_addresses++] = a;
	return 0;
}

int backup_arguments_take(
    struct mailctl *m, unsigned allowed, int n, struct backup_arguments *out)
{
	*out = (struct backup_arguments){ .dir = NULL };
	out->addresses = calloc((size_t)m->n_args + 1, sizeof *out->addresses);
	if (!out->addresses)
		return complain(EX_OSERR, "no memory");
	int code = 0;
	for (int i = 0; i < m->n_args && !code; i++)
		code = take_one(m, &i, allowed, out);
	if (!code && !out->dir)
		code = complain(EX_USAGE, "a directory is needed");
	if (!code && n >= 0 && out->n_addresses > n)
		code = complain(
		    EX_USAGE, "\"%s\": not expected", out->addresses[n]);
	if (!code && out->all && out->n_addresses)
		code = complain(EX_USAGE, "--all or addresses, not both");
	if (!code && out->at && take_time(out->at, &out->at_s) != 0)
		code = complain(EX_USAGE,
		    "\"%s\": not a time like 2026-11-24T17:00:00Z", out->at);
	if (code)
		backup_arguments_free(out);
	return code;
}

void backup_arguments_free(struct backup_arguments *a)
{
	free(a->addresses);
	a->addresses = NULL;
}
