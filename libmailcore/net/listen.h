#ifndef NET_LISTEN_H
#define NET_LISTEN_H
/* Listening sockets: bound by the monitor, accepted from by fronts. */
#include "base/view.h"
#include "net/loop.h"

/* Binds and listens (backlog 4096). address: "*" (both families), "127.0.0.1",
 * "[::1]", "unix:/path". Several descriptors for one name are possible: at most
 * max are filled in. Close-on-exec, non-blocking. -errno. */
int listen_open(struct view address, uint16_t port, int *fds, size_t max,
    size_t *n) MUST_CHECK;

struct listener;
/* Accepts in a loop; on_client takes fd. Pauses by itself for a moment on
 * EMFILE and the like, and logs it. Does not own fd until freed. */
struct listener *listener_new(
    struct loop *l, int fd, void (*on_client)(void *ctx, int fd), void *ctx);
void listener_free(struct listener **l); /* closes the socket */
#endif
