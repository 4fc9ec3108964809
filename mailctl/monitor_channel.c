#include "mailctl/monitor_channel.h"
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	ANSWER_WITHIN_S = 30
};

int monitor_connect(
    const struct mailctl *m, const char *daemon, struct chan *out)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = ANSWER_WITHIN_S };
	out->fd = -1;
	int n = snprintf(to.sun_path, sizeof to.sun_path, "%s/%s.ctl",
	    m->conf->run_dir, daemon);
	if (n < 0 || (size_t)n >= sizeof to.sun_path)
		return -ENAMETOOLONG;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
		int error = -errno;
		close(fd);
		return error;
	}
	return chan_open(out, fd, ROLE_CTL, ROLE_MONITOR);
}

int monitor_complain(const char *daemon, int error)
{
	if (monitor_is_down(error))
		return complain(EX_UNAVAILABLE, "%s is not running", daemon);
	if (error == -EAGAIN)
		return complain(EX_TEMPFAIL, "%s does not answer", daemon);
	return complain(exit_code_of(error), "%s: %s", daemon, err_text(error));
}
