#include "store/wake.h"
#include "base/view.h"
#include "log/log.h"
#include "store/store.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NUMBERS_MAX = 1000,
	SETTLED_MS = 100
};

int wake_init(struct wake *w, const char *user_dir, bool create)
{
	*w = (struct wake){ .dir_fd = -1, .fd = -1, .send_fd = -1 };
	int n = snprintf(w->dir, sizeof w->dir, "%s/wake", user_dir);
	if (n < 0 || (size_t)n >= sizeof w->dir)
		return -ENAMETOOLONG;
	if (create && mkdir(w->dir, 0700) != 0 && errno != EEXIST)
		return -errno;
	w->dir_fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return w->dir_fd < 0 && create ? -errno : 0;
}

void wake_deinit(struct wake *w)
{
	if (w->fd >= 0) {
		unlinkat(w->dir_fd, w->name, 0);
		close(w->fd);
	}
	if (w->send_fd >= 0)
		close(w->send_fd);
	if (w->dir_fd >= 0)
		close(w->dir_fd);
	free(w->peers);
	w->peers = NULL;
	w->fd = w->send_fd = w->dir_fd = -1;
}

/* A socket's address is short (108 on Linux): a longer path goes through the
 * descriptor of its directory. */
static bool address(
    const struct wake *w, const char *name, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	int n = snprintf(
	    out->sun_path, sizeof out->sun_path, "%s/%s", w->dir, name);
	if (n < 0 || (size_t)n >= sizeof out->sun_path)
		n = snprintf(out->sun_path, sizeof out->sun_path,
		    "/proc/self/fd/%d/%s", w->dir_fd, name);
	return n > 0 && (size_t)n < sizeof out->sun_path;
}

static int datagram_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int bind_free_name(struct wake *w, int fd)
{
	struct sockaddr_un to;
	for (unsigned i = 0; i < NUMBERS_MAX; i++) {
		snprintf(w->name, sizeof w->name, "%d.%u", (int)getpid(), i);
		if (!address(w, w->name, &to))
			return -ENAMETOOLONG;
		if (bind(fd, (const struct sockaddr *)&to, sizeof to) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -errno;
	}
	return MC_E_LIMIT;
}

int wake_listen(struct wake *w, int *fd)
{
	if (w->fd < 0) {
		if (w->dir_fd < 0)
			return MC_E_UNSUPPORTED;
		int s = datagram_socket();
		if (s < 0)
			return -errno;
		int error = bind_free_name(w, s);
		if (error) {
			close(s);
			return error;
		}
		w->fd = s;
	}
	*fd = w->fd;
	return 0;
}

void store_wake_drain(int fd)
{
	char bytes[64];
	while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) >= 0)
		;
}

static bool is_own(const char *name)
{
	char own[WAKE_NAME_MAX];
	int n = snprintf(own, sizeof own, "%d.", (int)getpid());
	return strncmp(name, own, (size_t)n) == 0;
}

static void add_peer(struct wake *w, const char *name)
{
	size_t n = strlen(name);
	if (name[0] == '.' || n >= WAKE_NAME_MAX || is_own(name) ||
	    w->n_peers == WAKE_PEERS_MAX)
		return;
	if ((w->n_peers & (w->n_peers - 1)) == 0) {
		size_t cap = w->n_peers ? 2 * w->n_peers : 1;
		void *p = realloc(w->peers, cap * sizeof *w->peers);
		if (!p)
			return;
		w->peers = p;
	}
	memcpy(w->peers[w->n_peers++], name, n + 1);
}

static void read_peers(struct wake *w)
{
	int fd = openat(w->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	w->n_peers = 0;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(dir)))
		add_peer(w, e->d_name);
	closedir(dir);
}

static int64_t ms_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void refresh(struct wake *w)
{
	struct stat st;
	struct timespec now;
	if (fstat(w->dir_fd, &st) != 0)
		return;
	if (w->fresh && st.st_mtim.tv_sec == w->seen.tv_sec &&
	    st.st_mtim.tv_nsec == w->seen.tv_nsec)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	read_peers(w);
	w->seen = st.st_mtim;
	/* A directory's time is coarse: a change within the same tick as our
	 * look would not show. */
	int64_t age_ms = ms_of(now) - ms_of(st.st_mtim);
	w->fresh = age_ms > SETTLED_MS;
}

static void send_to(struct wake *w, const char *name)
{
	struct sockaddr_un to;
	if (!address(w, name, &to))
		return;
	if (sendto(w->send_fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL,
		(const struct sockaddr *)&to, sizeof to) >= 0)
		return;
	/* A full queue will wake its reader anyway. */
	if (errno == ECONNREFUSED) {
		unlinkat(w->dir_fd, name, 0);
		w->fresh = false;
	} else if (errno == ENOENT) {
		w->fresh = false;
	} else if (errno != EAGAIN && errno != ENOBUFS) {
		LOG(NULL, WARN, "store.wake", KV_STR("socket", name),
		    KV_ERR("error", -errno));
	}
}

void wake_others(struct wake *w)
{
	if (w->dir_fd < 0)
		return;
	refresh(w);
	if (w->n_peers && w->send_fd < 0)
		w->send_fd = datagram_socket();
	if (w->send_fd < 0)
		return;
	for (size_t i = 0; i < w->n_peers; i++)
		send_to(w, w->peers[i]);
}

bool wake_any(struct wake *w)
{
	if (w->dir_fd < 0)
		return false;
	wake_others(w); /* removes what is left of dead ones */
	read_peers(w);
	w->fresh = false;
	return w->n_peers != 0;
}
