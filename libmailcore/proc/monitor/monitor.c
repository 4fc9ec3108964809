/* runs as  root (isolation = none: the caller), root directory /
 * can see  everything; reads the configuration, binds, opens certificates
 * accepts  what its children and mailctl say; nothing of clients or messages
 * sends    to its children, what each may hold
 * dies     when told to, after its children; when it cannot start */
#include "proc/monitor/monitor.h"
#include "base/clock.h"
#include "base/panic.h"
#include "proc/isolation/drop.h"
#include "proc/spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ERRORS_BYTES = 16384,
	CONF_BYTES = 64 << 20,
	STOP_GRACE_S = 5,
	RELOAD_GRACE_S = 86400, /* IDLE and long messages go on */
	TICK_MS = 1000,
	TICK_SOON_MS = 100,
};

/* Configuration. */

static void check_readable(
    struct buf *errors, const char *option, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		buf_printf(
		    errors, "%s: %s: %s\n", option, path, err_text(-errno));
	else
		close(fd);
}

static void check_users(
    struct buf *errors, const struct daemon *d, const struct conf *conf)
{
	struct drop_user found;
	for (size_t i = 0; i < d->n_roles; i++) {
		const char *name = drop_user_name(conf, d->roles[i].user);
		if (name && drop_user_find(name, &found))
			buf_printf(errors,
			    "role %s: the system has no user \"%s\"\n",
			    role_name(d->roles[i].id), name);
	}
}

/* What the file alone cannot tell. */
static int check(
    const struct daemon *d, const struct conf *conf, struct buf *errors)
{
	size_t before = buf_len(errors);
	if (drop_has_users(conf))
		check_users(errors, d, conf);
	if (conf->tls_certificate[0]) {
		check_readable(
		    errors, "tls.certificate", conf->tls_certificate);
		check_readable(errors, "tls.key", conf->tls_key);
	}
	return buf_len(errors) > before ? MC_E_BAD : 0;
}

static int read_conf(const struct daemon *d, const struct monitor_options *o,
    struct conf **out, struct buf *errors)
{
	struct conf *conf = NULL;
	int error = conf_read(o->file, o->prefix, &conf, errors);
	if (error) {
		if (!buf_len(errors))
			buf_printf(
			    errors, "%s: %s\n", o->file, err_text(error));
		return error;
	}
	error = check(d, conf, errors);
	if (error)
		conf_free(&conf);
	else
		*out = conf;
	return error;
}

static void print_errors(const struct buf *errors)
{
	struct view v = buf_view(errors);
	if (v.n)
		fwrite(v.p, 1, v.n, stderr);
}

/* For the log: one line each. */
static void log_errors(const struct buf *errors)
{
	struct view rest = buf_view(errors), line;
	while (view_cut(&rest, '\n', &line))
		LOG(NULL, ERROR, "config.bad", KV_VIEW("reason", line));
}

int monitor_check(const struct daemon *d, const struct monitor_options *o)
{
	struct conf *conf = NULL;
	struct buf errors;
	buf_init(&errors, ERRORS_BYTES);
	int error = read_conf(d, o, &conf, &errors);
	print_errors(&errors);
	buf_deinit(&errors);
	conf_free(&conf);
	return error ? MONITOR_EXIT_CONFIG : EXIT_SUCCESS;
}

static int seal(const struct conf *conf, int *fd)
{
	struct buf bytes;
	buf_init(&bytes, CONF_BYTES);
	int error = conf_encode(conf, &bytes);
	if (!error)
		error = memfile_new(buf_view(&bytes), fd);
	buf_deinit(&bytes);
	return error;
}

/* All that a configuration needs before it can be the one that counts. */
struct candidate {
	struct conf *conf;
	int conf_fd;
	struct sink *sink;
};

static int open_sink(struct monitor *m, struct candidate *c, struct buf *errors)
{
	const char *spec = c->conf->log;
	/* In the background there is no standard error to be read. */
	if (m->options->daemonize && view_eq(view_of(spec), V("stderr")))
		spec = "syslog";
	int error = sink_open(m->loop, spec, m->daemon->name, &c->sink);
	if (error)
		buf_printf(errors, "log: %s: %s\n", spec, err_text(error));
	return error;
}

static void candidate_drop(struct candidate *c)
{
	conf_free(&c->conf);
	sink_close(&c->sink);
	if (c->conf_fd >= 0)
		close(c->conf_fd);
}

static int candidate_make(
    struct monitor *m, struct candidate *c, struct buf *errors)
{
	*c = (struct candidate){ .conf_fd = -1 };
	int error = read_conf(m->daemon, m->options, &c->conf, errors);
	if (!error)
		error = open_sink(m, c, errors);
	if (!error) {
		error = seal(c->conf, &c->conf_fd);
		if (error)
			buf_printf(
			    errors, "configuration: %s\n", err_text(error));
	}
	return error;
}

static void set_log(struct monitor *m)
{
	enum log_level level = LOG_LEVEL_INFO;
	int fd = sink_dup(m->sink);
	if (!log_level_parse(view_of(m->conf->log_level), &level))
		level = LOG_LEVEL_INFO;
	if (fd < 0)
		return;
	log_set_fd(fd); /* closes the one before */
	log_init(m->daemon->name, fd, level);
}

static void candidate_take(struct monitor *m, struct candidate *c)
{
	struct sink *old = m->sink;
	conf_free(&m->conf);
	if (m->conf_fd >= 0)
		close(m->conf_fd);
	m->conf = c->conf;
	m->conf_fd = c->conf_fd;
	m->sink = c->sink;
	set_log(m);
	sink_close(&old);
	for (struct child *child = m->children; child; child = child->next)
		handout_log(child);
}

/* Life. */

static bool all_ready(const struct monitor *m)
{
	for (size_t i = 0; i < m->n_slots; i++)
		if (!m->slots[i].child ||
		    m->slots[i].child->state != CHILD_READY)
			return false;
	return true;
}

static void announce(struct monitor *m)
{
	m->is_announced = true;
	notify_manager("READY=1");
	LOG(NULL, INFO, m->is_ready ? "daemon.reloaded" : "daemon.ready",
	    KV_STR("version", MAILCORE_VERSION),
	    KV_INT("generation", m->generation));
	if (m->is_ready)
		return;
	m->is_ready = true;
	notify_pid_ready(m->pid_fd);
	notify_daemon_ready(&m->daemon_fd);
}

void monitor_review(struct monitor *m)
{
	queue_door_review(m);
	if (m->is_stopping) {
		if (!m->children)
			loop_stop(m->loop);
	} else if (!m->is_announced && all_ready(m)) {
		announce(m);
	}
}

static void notify_reloading(void)
{
	char state[64];
	snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%llu",
	    (unsigned long long)clock_mono_ms() * 1000);
	notify_manager(state);
}

static int bind_listeners(
    struct monitor *m, const struct conf *conf, struct buf *errors)
{
	struct listeners *next = MUST_NEW(struct listeners);
	int error =
	    listeners_prepare(&m->listeners, m->daemon, conf, next, errors);
	if (!error)
		listeners_replace(&m->listeners, next);
	free(next);
	return error;
}

static void refuse_reload(struct buf *errors, int error)
{
	log_errors(errors);
	LOG(NULL, ERROR, "daemon.reload-refused", KV_ERR("error", error));
}

int monitor_reload(struct monitor *m, struct buf *errors)
{
	struct candidate c;
	if (m->is_stopping)
		return MC_E_BUSY;
	int error = candidate_make(m, &c, errors);
	if (!error)
		error = bind_listeners(m, c.conf, errors);
	if (error) {
		candidate_drop(&c);
		refuse_reload(errors, error);
		return error;
	}
	notify_reloading();
	candidate_take(m, &c);
	certificate_close(m);
	certificate_open(m);
	files_close(m);
	m->generation++;
	files_open(m);
	m->is_announced = false;
	family_retire_generation(m, RELOAD_GRACE_S);
	family_start_slots(m);
	return 0;
}

void monitor_stop(struct monitor *m, uint32_t grace_s)
{
	if (!m->is_stopping) {
		LOG(NULL, INFO, "daemon.stop", KV_INT("grace", grace_s));
		notify_manager("STOPPING=1");
	}
	m->is_stopping = true;
	family_retire_generation(m, grace_s);
	monitor_review(m);
}

static void reload_by_signal(struct monitor *m)
{
	struct buf errors;
	buf_init(&errors, ERRORS_BYTES);
	int error = monitor_reload(m, &errors);
	buf_deinit(&errors);
	(void)error; /* told in the log */
}

static void on_signal(void *ctx, int signum)
{
	struct monitor *m = ctx;
	if (signum == SIGCHLD)
		family_reap(m);
	else if (signum == SIGHUP)
		reload_by_signal(m);
	else
		monitor_stop(m, STOP_GRACE_S);
}

static void on_tick(void *ctx)
{
	struct monitor *m = ctx;
	bool waits = family_tick(m);
	agents_tick(m);
	certificate_check(m);
	files_check(m);
	timer_start(m->tick, waits ? TICK_SOON_MS : TICK_MS, 0);
}

static void watch(struct monitor *m)
{
	static const int signums[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT };
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof signums / sizeof signums[0]; i++)
		m->signals[i] = signal_new(m->loop, signums[i], on_signal, m);
	m->tick = timer_new(m->loop, on_tick, m);
	timer_start(m->tick, TICK_SOON_MS, 0);
}

static int lock_pid_file(struct monitor *m)
{
	char path[CONF_STRING_MAX + 64], name[40];
	long owner = 0;
	snprintf(name, sizeof name, "%s.pid", m->daemon->name);
	int error = layout_path(path, sizeof path, m->conf->run_dir, name);
	if (!error)
		error = notify_pid_lock(path, &m->pid_fd, &owner);
	if (error)
		LOG(NULL, ERROR, "daemon.locked-out", KV_STR("file", path),
		    KV_INT("owner", owner), KV_ERR("error", error));
	return error;
}

static int start(struct monitor *m)
{
	int error = layout_make(m);
	if (!error)
		error = lock_pid_file(m);
	if (!error)
		error = bind_listeners(m, m->conf, NULL);
	if (!error)
		error = control_open(m);
	if (!error)
		error = queue_door_open(m);
	if (error)
		return error;
	certificate_open(m);
	files_open(m);
	watch(m);
	family_start_slots(m);
	return 0;
}

static void end(struct monitor *m)
{
	family_end(m);
	control_close(m);
	queue_door_close(m);
	certificate_close(m);
	files_close(m);
	for (size_t i = 0; i < sizeof m->signals / sizeof m->signals[0]; i++)
		signal_free(&m->signals[i]);
	if (m->tick)
		timer_free(&m->tick);
	listeners_close(&m->listeners);
	grants_deinit(&m->grants);
	if (m->pid_fd >= 0 && ftruncate(m->pid_fd, 0) == 0)
		close(m->pid_fd); /* the lock goes with it */
	LOG(NULL, INFO, "daemon.end", KV_INT("code", m->exit_code));
	log_set_fd(STDERR_FILENO);
	sink_close(&m->sink);
	if (m->conf_fd >= 0)
		close(m->conf_fd);
	conf_free(&m->conf);
	loop_free(&m->loop);
}

static void raise_limits(void)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		LOG(NULL, WARN, "limit.failed", KV_ERR("error", -errno));
}

static int configure(struct monitor *m)
{
	struct candidate c;
	struct buf errors;
	buf_init(&errors, ERRORS_BYTES);
	int error = candidate_make(m, &c, &errors);
	print_errors(&errors);
	buf_deinit(&errors);
	if (error)
		candidate_drop(&c);
	else
		candidate_take(m, &c);
	return error;
}

static int run(struct monitor *m)
{
	m->loop = loop_new();
	if (configure(m)) {
		loop_free(&m->loop);
		return MONITOR_EXIT_CONFIG;
	}
	if (start(m))
		m->exit_code = EXIT_FAILURE;
	else
		loop_run(m->loop);
	end(m);
	return m->exit_code;
}

int monitor_run(const struct daemon *d, const struct monitor_options *o)
{
	struct monitor *m = MUST_NEW(struct monitor);
	m->daemon = d;
	m->options = o;
	m->conf_fd = m->pid_fd = m->daemon_fd = -1;
	m->started_s = clock_wall_s();
	spawn_self(o->argv0, m->self, sizeof m->self);
	log_init(d->name, STDERR_FILENO, LOG_LEVEL_INFO);
	raise_limits();
	umask(022);
	grants_init(&m->grants);
	listeners_init(&m->listeners);
	if (o->daemonize && notify_daemonize(&m->daemon_fd))
		return EXIT_FAILURE;
	int code = run(m);
	free(m);
	return code;
}
