/* The life of a role's process: it is told what it is and what it may hold,
 * locks itself in as soon as it knows where, and runs its body. Everything
 * after CONFIGURE (and DIRECTORY) happens without privileges. */
#include "proc/body/body.h"
#include "base/panic.h"
#include "crypto/crypto.h"
#include "proc/body/module.h"
#include "proc/body/signer.h"
#include "proc/isolation/drop.h"
#include "proc/spawn.h"
#include "text/codec.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum {
	CONF_BYTES = 64 << 20,
	CHAIN_BYTES = 1 << 20,
	STATS_MS = 1000,
};

struct loop *proc_loop(struct proc *p)
{
	return p->loop;
}

const struct conf *proc_conf(struct proc *p)
{
	return p->conf;
}

struct peer *proc_monitor(struct proc *p)
{
	return p->monitor;
}

struct tls_server *proc_tls(struct proc *p)
{
	return p->tls && tls_server_ready(p->tls) ? p->tls : NULL;
}

struct view proc_account(struct proc *p)
{
	return view_of(p->account);
}

struct view proc_unix_user(struct proc *p, const char **refusal)
{
	*refusal = p->refusal;
	return view_of(p->account);
}

void proc_set_state(struct proc *p, void *state)
{
	p->state = state;
}

void *proc_state(struct proc *p)
{
	return p->state;
}

void proc_exit(struct proc *p)
{
	loop_stop(p->loop);
}

static void die(struct proc *p, const char *what, int error)
{
	LOG(NULL, ERROR, "role.failed", KV_STR("reason", what),
	    KV_ERR("error", error));
	p->exit_code = EXIT_FAILURE;
	proc_exit(p);
}

static void on_stats_timer(void *ctx)
{
	struct proc *p = ctx;
	struct msg out = { .type = MSG_STATS,
		.stats = { p->sessions, p->total } };
	p->stats_run = p->stats_are_due;
	if (!p->stats_are_due)
		return;
	p->stats_are_due = false;
	if (p->monitor)
		peer_send(p->monitor, &out, -1);
	timer_start(p->stats_timer, STATS_MS, 0);
}

void proc_stats(struct proc *p, uint32_t sessions, uint64_t total)
{
	p->sessions = sessions;
	p->total = total;
	p->stats_are_due = true;
	if (!p->stats_run)
		on_stats_timer(p);
}

/* Being locked in. */

static void lock_in(struct proc *p, int directory)
{
	if (p->role->holds & HOLDS_CHARSETS)
		charset_preload();
	int error = drop_role(p->conf, p->role, directory);
	if (error)
		die(p, "cannot be locked in", error);
	p->is_locked_in = !error;
}

static int decode_conf(int fd, struct conf **out)
{
	struct buf bytes;
	buf_init(&bytes, CONF_BYTES);
	int error = memfile_read(fd, &bytes);
	if (!error)
		error = conf_decode(buf_view(&bytes), out);
	buf_deinit(&bytes);
	return error;
}

static void on_configure(struct proc *p, const struct msg *m, int fd)
{
	(void)m;
	int error = p->conf ? MC_E_EXISTS : decode_conf(fd, &p->conf);
	close(fd);
	if (error)
		die(p, "configuration", error);
	/* Who is for one user waits until it hears for whom. */
	if (error || p->role->count == COUNT_ON_DEMAND)
		return;
	crypto_load();
	lock_in(p, -1);
}

static void on_directory(struct proc *p, const struct msg *m, int fd)
{
	int error = MC_E_PROTO;
	if (p->conf && !p->is_locked_in && p->role->root == ROOT_USER)
		error = view_to_cstr(
		    m->directory.account, p->account, sizeof p->account);
	if (error)
		die(p, "directory", error);
	else
		lock_in(p, fd);
	close(fd);
}

static void on_unix_user(struct proc *p, const struct msg *m, int fd)
{
	int error = MC_E_PROTO;
	(void)fd;
	if (p->conf && !p->is_locked_in && p->role->user == USER_UNIX)
		error = view_to_cstr(
		    m->unix_user.name, p->account, sizeof p->account);
	if (!error)
		error = drop_role_as(p->conf, p->role, p->account, &p->refusal);
	if (error)
		die(p, "cannot become the Unix user", error);
	p->is_locked_in = !error;
}

static void on_log_to(struct proc *p, const struct msg *m, int fd)
{
	char name[64];
	enum log_level level = (enum log_level)m->log_to.level;
	snprintf(name, sizeof name, "%s/%s", p->daemon->name,
	    role_name(p->role->id));
	log_set_fd(fd); /* closes the one before */
	log_init(name, fd, level);
}

/* What it may hold. */

static void on_peer_is(struct proc *p, const struct msg *m, int fd)
{
	if (m->peer_is.role < ROLE_COUNT) {
		links_add(
		    p, (enum role_id)m->peer_is.role, m->peer_is.index, fd);
		return;
	}
	close(fd);
}

static void on_client(void *ctx, int fd)
{
	struct acceptor *a = ctx;
	a->proc->role->ops->accept(a->proc, fd, a->service, a->tls);
}

static void open_acceptor(struct acceptor *a)
{
	a->listener = listener_new(a->proc->loop, a->fd, on_client, a);
	a->fd = -1;
}

static void on_listen_on(struct proc *p, const struct msg *m, int fd)
{
	if (m->listen_on.service >= SERVICE_COUNT ||
	    m->listen_on.tls > CONF_TLS_IMPLICIT || p->is_started ||
	    !p->role->ops->accept) {
		close(fd);
		return;
	}
	struct acceptor *a = MUST_NEW(struct acceptor);
	*a = (struct acceptor){ p->acceptors, p, NULL,
		(enum service)m->listen_on.service,
		(enum conf_tls)m->listen_on.tls, fd };
	p->acceptors = a;
}

static void close_acceptors(struct proc *p)
{
	while (p->acceptors) {
		struct acceptor *a = p->acceptors;
		p->acceptors = a->next;
		if (a->listener)
			listener_free(&a->listener);
		else
			close(a->fd);
		free(a);
	}
}

static int add_chain(struct proc *p, const struct msg *m, int fd)
{
	const struct tls_options options = { p->conf->tls_allow_1_2 };
	struct buf pem;
	if (!p->tls) {
		p->signer = signer_of(p);
		p->tls = tls_server_new(&options, &p->signer);
	}
	buf_init(&pem, CHAIN_BYTES);
	int error = p->tls ? memfile_read(fd, &pem) : MC_E_INTERNAL;
	if (!error)
		error = tls_server_add(p->tls, m->certificate.server_name,
		    buf_view(&pem), m->certificate.key);
	buf_deinit(&pem);
	return error;
}

static void on_certificate(struct proc *p, const struct msg *m, int fd)
{
	int error = p->is_locked_in ? add_chain(p, m, fd) : MC_E_PROTO;
	close(fd);
	if (error)
		LOG(NULL, ERROR, "tls.bad-certificate",
		    KV_VIEW("name", m->certificate.server_name),
		    KV_ERR("error", error));
}

static void give_key(struct proc *p, uint32_t key, int fd)
{
	struct msg m = { .type = MSG_PRIVATE_KEY, .private_key = { key } };
	if (p->role->ops->on[MSG_PRIVATE_KEY])
		p->role->ops->on[MSG_PRIVATE_KEY](p, p->monitor, &m, fd);
	else
		close(fd);
}

static void on_private_key(struct proc *p, const struct msg *m, int fd)
{
	if (p->is_started)
		give_key(p, m->private_key.key, fd);
	else if (p->n_keys == PENDING_KEYS_MAX)
		close(fd);
	else
		p->keys[p->n_keys++] =
		    (struct pending_key){ m->private_key.key, fd };
}

/* Life. */

/* Of what the start needed, the configuration and the filter of system calls
 * above all, an agent would keep as much as it ever uses. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

static void on_start(struct proc *p, const struct msg *m, int fd)
{
	struct msg ready = { .type = MSG_READY,
		.ready = { (uint8_t)p->role->id } };
	(void)m;
	(void)fd;
	if (p->is_started || !p->is_locked_in || p->exit_code)
		return;
	links_start(p);
	int error = p->role->ops->start ? p->role->ops->start(p) : 0;
	if (error) {
		die(p, "start", error);
		return;
	}
	p->is_started = true;
	for (size_t i = 0; i < p->n_keys; i++)
		give_key(p, p->keys[i].key, p->keys[i].fd);
	p->n_keys = 0;
	links_announce(p);
	linger_start(p);
	for (struct acceptor *a = p->acceptors; a; a = a->next)
		open_acceptor(a);
	give_memory_back();
	peer_send(p->monitor, &ready, -1);
}

static void on_stop(struct proc *p, const struct msg *m, int fd)
{
	(void)fd;
	p->is_stopping = true;
	close_acceptors(p);
	if (p->is_started && p->role->ops->stop)
		p->role->ops->stop(p, m->stop.grace_s);
	else
		proc_exit(p);
}

static void on_session(struct proc *p, const struct msg *m, int fd)
{
	linger_served(p);
	if (p->is_started && p->role->ops->on[MSG_SESSION])
		p->role->ops->on[MSG_SESSION](p, p->monitor, m, fd);
	else
		close(fd);
}

static void (*const from_monitor[MSG_COUNT])(
    struct proc *p, const struct msg *m, int fd) = {
	[MSG_CONFIGURE] = on_configure,
	[MSG_LOG_TO] = on_log_to,
	[MSG_DIRECTORY] = on_directory,
	[MSG_UNIX_USER] = on_unix_user,
	[MSG_PEER_IS] = on_peer_is,
	[MSG_LISTEN_ON] = on_listen_on,
	[MSG_CERTIFICATE] = on_certificate,
	[MSG_PRIVATE_KEY] = on_private_key,
	[MSG_FILE_IS] = held_on_file,
	[MSG_START] = on_start,
	[MSG_STOP] = on_stop,
	[MSG_SESSION] = on_session,
};

static void on_message(
    void *ctx, struct peer *from, const struct msg *m, int fd)
{
	struct proc *p = ctx;
	if (from_monitor[m->type])
		from_monitor[m->type](p, m, fd);
	else if (p->is_started && p->role->ops->on[m->type])
		p->role->ops->on[m->type](p, from, m, fd);
	else if (fd >= 0)
		close(fd);
}

/* Nobody can stop, replace or feed this process any more. */
static void on_closed(void *ctx, struct peer *peer, int why)
{
	struct proc *p = ctx;
	(void)peer;
	p->monitor = NULL;
	die(p, "the monitor is gone", why);
}

static const struct peer_events events = { on_message, on_closed };

static void name_process(const struct daemon *d, const struct role *role)
{
	char name[32];
	snprintf(name, sizeof name, "%s-%s", d->name, role_name(role->id));
#ifdef __linux__
	prctl(PR_SET_NAME, name);
#endif
	log_init(name, STDERR_FILENO, LOG_LEVEL_INFO);
}

static void end(struct proc *p)
{
	links_end(p);
	close_acceptors(p);
	linger_end(p);
	held_end(p);
	if (p->stats_timer)
		timer_free(&p->stats_timer);
	if (p->monitor)
		peer_free(&p->monitor);
}

/* The process's one: what it holds goes with it, and is in use until then. */
static struct proc *volatile self;

int body_run(const struct daemon *d, const struct role *role)
{
	struct proc *p = MUST_NEW(struct proc);
	self = p;
	name_process(d, role);
	drop_descriptors(SPAWN_CHANNEL_FD + 1);
	fcntl(SPAWN_CHANNEL_FD, F_SETFD, FD_CLOEXEC);
	signal(SIGPIPE, SIG_IGN);
	/* These reach a whole session or service at once, and are for the
	 * monitor: it stops its roles in order, with a grace. */
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	umask(077);
	setenv("TZ", "UTC0", 1); /* libc looks for no file in its root */
	p->daemon = d;
	module_load(role, &p->loaded);
	p->role = &p->loaded;
	p->loop = loop_new();
	p->stats_timer = timer_new(p->loop, on_stats_timer, p);
	p->monitor = peer_new(
	    p->loop, SPAWN_CHANNEL_FD, role->id, ROLE_MONITOR, 0, &events, p);
	if (!p->monitor)
		fatal("-R is for the monitor only");
	loop_run(p->loop);
	end(p);
	return p->exit_code;
}
