/* main() of every daemon: the monitor, or with -R one of its roles. */
#include "proc/body/body.h"
#include "proc/isolation/sandbox.h"
#include "proc/monitor/monitor.h"
#include <limits.h>
#include <unistd.h>

enum {
	EXIT_USAGE = 64 /* sysexits(3) */
};

struct arguments {
	struct monitor_options monitor;
	const char *role;
	bool check, version;
};

static int usage(const struct daemon *d)
{
	fprintf(stderr,
	    "usage: %s [-c FILE] [-p PREFIX] [-f | -d]   run\n"
	    "       %s [-c FILE] [-p PREFIX] -n          check FILE\n"
	    "       %s -V                                version\n",
	    d->name, d->name, d->name);
	return EXIT_USAGE;
}

static bool take_option(struct arguments *a, int option, const char *value)
{
	switch (option) {
	case 'c':
		a->monitor.file = value;
		return true;
	case 'p':
		a->monitor.prefix = value;
		return true;
	case 'f':
		a->monitor.daemonize = false;
		return true;
	case 'd':
		a->monitor.daemonize = true;
		return true;
	case 'n':
		a->check = true;
		return true;
	case 'V':
		a->version = true;
		return true;
	case 'R': /* internal: the monitor starts its roles with it */
		a->role = value;
		return true;
	default:
		return false;
	}
}

static bool read_arguments(struct arguments *a, int argc, char **argv)
{
	int option;
	while ((option = getopt(argc, argv, "c:p:fdnVR:")) != -1)
		if (!take_option(a, option, optarg))
			return false;
	return optind == argc;
}

static int tell_version(const struct daemon *d)
{
	printf("%s (Mailcore) %s\nisolation: uid chroot rlimits "
	       "no-new-privileges %s\n",
	    d->name, MAILCORE_VERSION, sandbox_layers());
	return EXIT_SUCCESS;
}

static int run_role(const struct daemon *d, const char *name)
{
	for (size_t i = 0; i < d->n_roles; i++)
		if (d->roles[i].id != ROLE_MONITOR &&
		    view_eq(view_of(role_name(d->roles[i].id)), view_of(name)))
			return body_run(d, &d->roles[i]);
	return usage(d);
}

int proc_main(const struct daemon *d, int argc, char **argv)
{
	char prefix[PATH_MAX], file[PATH_MAX + 64];
	struct arguments a = { .monitor = { .argv0 = argv[0] } };
	if (!read_arguments(&a, argc, argv))
		return usage(d);
	if (a.version)
		return tell_version(d);
	if (a.role)
		return run_role(d, a.role);
	/* Wherever it runs later, these mean what they mean now. */
	if (a.monitor.prefix && realpath(a.monitor.prefix, prefix))
		a.monitor.prefix = prefix;
	if (!a.monitor.file &&
	    conf_default_file(a.monitor.prefix, file, sizeof file))
		return EXIT_FAILURE;
	if (!a.monitor.file || realpath(a.monitor.file, file))
		a.monitor.file = file;
	return a.check ? monitor_check(d, &a.monitor)
		       : monitor_run(d, &a.monitor);
}
