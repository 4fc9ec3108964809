#ifndef STORE_WAKE_H
#define STORE_WAKE_H
/* Datagram sockets in the user's wake/ directory, one for each process that
 * waits for changes; names are "pid.number". */
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>
#include <time.h>

enum {
	WAKE_NAME_MAX = 32,
	WAKE_PEERS_MAX = 1024
};

struct wake {
	char dir[4096];
	int dir_fd;  /* -1: nobody can wait here */
	int fd;      /* our own socket, -1: none */
	int send_fd; /* -1: not needed so far */
	char name[WAKE_NAME_MAX];
	char (*peers)[WAKE_NAME_MAX];
	size_t n_peers;
	struct timespec seen; /* the directory's time when peers was read */
	bool fresh;           /* peers may be used while seen stays */
};

/* user_dir/wake, made when create. */
int wake_init(struct wake *w, const char *user_dir, bool create) MUST_CHECK;
void wake_deinit(struct wake *w);
int wake_listen(struct wake *w, int *fd) MUST_CHECK;
/* One byte to each other process. One fstat when nobody else is there. */
void wake_others(struct wake *w);
/* Whether another process waits; it is woken. */
bool wake_any(struct wake *w);
#endif
