#include "queued/fetch/https.h"
#include "base/buf.h"
#include "base/panic.h"
#include "queued/list.h"
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum {
	URL_MAX = 1000,
	CONNECT_MS = 30000,
};

struct request {
	struct list link;
	struct https *https;
	uint64_t id;
	CURL *easy;
	struct curl_slist *addresses, *headers;
	struct buf body;
	char *post;
	bool is_too_large;
	char type[100]; /* of the answer; "": any */
	char error[CURL_ERROR_SIZE];
};

/* A socket of libcurl's. */
struct watch {
	struct https *https;
	struct poll_handle *poll;
	curl_socket_t fd;
};

struct https {
	struct loop *loop;
	CURLM *multi;
	struct timer *timer;
	struct list requests;
	unsigned n_requests;
	char *ca;
	size_t ca_n;
	void (*done)(void *ctx, const struct https_answer *a);
	void *ctx;
};

static void request_free(struct request *r)
{
	if (r->easy)
		curl_multi_remove_handle(r->https->multi, r->easy);
	curl_easy_cleanup(r->easy);
	curl_slist_free_all(r->addresses);
	curl_slist_free_all(r->headers);
	list_remove(&r->link);
	r->https->n_requests--;
	buf_deinit(&r->body);
	free(r->post);
	free(r);
}

static enum fetch_status status_of(CURLcode code)
{
	if (code == CURLE_OK)
		return FETCH_OK;
	if (code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR)
		return FETCH_BAD_CERTIFICATE;
	if (code == CURLE_FILESIZE_EXCEEDED)
		return FETCH_TOO_LARGE;
	return FETCH_UNREACHABLE;
}

/* "text/plain; charset=utf-8" is "text/plain" (RFC 8461 3.2). */
static bool has_type(struct request *r)
{
	const char *type = NULL;
	struct view head;
	if (!r->type[0])
		return true;
	curl_easy_getinfo(r->easy, CURLINFO_CONTENT_TYPE, &type);
	struct view v = view_of(type);
	view_cut(&v, ';', &head);
	return view_ieq(view_trim(head), view_of(r->type));
}

static void finish(struct request *r, CURLcode code)
{
	struct https *h = r->https;
	long http = 0;
	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &http);
	struct https_answer a = { .id = r->id,
		.status = r->is_too_large ? FETCH_TOO_LARGE : status_of(code),
		.code = (unsigned)http,
		.text =
		    view_of(r->error[0] ? r->error : curl_easy_strerror(code)),
		.body = buf_view(&r->body) };
	if (a.status == FETCH_OK && http == 200 && !has_type(r)) {
		a.status = FETCH_BAD_TYPE;
		a.text = V("it is of another media type");
	}
	if (a.status != FETCH_OK)
		a.body = V("");
	h->done(h->ctx, &a);
	request_free(r);
}

static void finish_all(struct https *h)
{
	CURLMsg *m;
	int left;
	while ((m = curl_multi_info_read(h->multi, &left))) {
		struct request *r;
		CURLcode code = m->data.result;
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &r);
		finish(r, code);
	}
}

static void act(struct https *h, curl_socket_t fd, int events)
{
	int running;
	curl_multi_socket_action(h->multi, fd, events, &running);
	finish_all(h);
}

static void on_timer(void *ctx)
{
	act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static void on_ready(void *ctx, bool readable, bool writable)
{
	struct watch *w = ctx;
	act(w->https, w->fd,
	    (readable ? CURL_CSELECT_IN : 0) |
		(writable ? CURL_CSELECT_OUT : 0));
}

static int on_socket(
    CURL *easy, curl_socket_t fd, int what, void *ctx, void *of_socket)
{
	struct https *h = ctx;
	struct watch *w = of_socket;
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w)
			poll_free(&w->poll);
		free(w);
		return 0;
	}
	if (!w) {
		w = MUST_NEW(struct watch);
		w->https = h;
		w->fd = fd;
		w->poll = poll_new(h->loop, fd, on_ready, w);
		curl_multi_assign(h->multi, fd, w);
	}
	poll_want(w->poll, what & CURL_POLL_IN, what & CURL_POLL_OUT);
	return 0;
}

/* Never from here: libcurl forbids its own calls in it. */
static int on_set_timer(CURLM *multi, long ms, void *ctx)
{
	struct https *h = ctx;
	(void)multi;
	if (ms < 0)
		timer_stop(h->timer);
	else
		timer_start(h->timer, ms ? (uint64_t)ms : 1, 0);
	return 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct request *r = ctx;
	size_t octets = size * n;
	if (octets > buf_room(&r->body)) {
		r->is_too_large = true;
		return 0; /* ends the request */
	}
	buf_put(&r->body, (struct view){ p, octets });
	return octets;
}

struct https *https_new(struct loop *l,
    void (*done)(void *ctx, const struct https_answer *a), void *ctx)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	struct https *h = MUST_NEW(struct https);
	h->loop = l;
	h->done = done;
	h->ctx = ctx;
	list_init(&h->requests);
	h->timer = timer_new(l, on_timer, h);
	h->multi = curl_multi_init();
	if (!h->multi) {
		https_free(&h);
		return NULL;
	}
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_set_timer);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, 4L);
	return h;
}

void https_free(struct https **hp)
{
	struct https *h = *hp;
	if (!h)
		return;
	while (!list_empty(&h->requests))
		request_free(CONTAINER(h->requests.next, struct request, link));
	if (h->multi)
		curl_multi_cleanup(h->multi);
	timer_free(&h->timer);
	free(h->ca);
	free(h);
	curl_global_cleanup();
	*hp = NULL;
}

void https_set_ca(struct https *h, struct view pem)
{
	free(h->ca);
	h->ca = must_alloc(pem.n + 1);
	if (pem.n)
		memcpy(h->ca, pem.p, pem.n);
	h->ca_n = pem.n;
}

/* Host and port of "https://host[:port]/..." as libcurl's cache of names wants
 * them: "host:port". */
static int host_of(struct view url, char *out, size_t cap)
{
	struct view rest = view_skip(url, 8), host;
	if (!view_istarts(url, V("https://")))
		return MC_E_BAD;
	view_cut(&rest, '/', &host);
	if (!host.n || view_has_byte(host, '@') || view_has_byte(host, '['))
		return MC_E_BAD;
	int error = view_to_cstr(host, out, cap - 4);
	if (!error && !view_has_byte(host, ':'))
		memcpy(out + host.n, ":443", 5);
	return error;
}

/* Names were looked up already, by who may ask the DNS. */
static int add_addresses(struct request *r, const struct https_ask *ask)
{
	char text[URL_MAX + 8 + HTTPS_ADDRESSES_MAX * (ROUTE_ADDRESS_TEXT + 3)];
	int error = host_of(ask->url, text, URL_MAX);
	size_t n = ask->n_addresses < HTTPS_ADDRESSES_MAX ? ask->n_addresses
							  : HTTPS_ADDRESSES_MAX;
	if (error || !n)
		return MC_E_BAD;
	for (size_t i = 0; i < n; i++) {
		char address[ROUTE_ADDRESS_TEXT];
		size_t at = strlen(text);
		route_address_format(&ask->addresses[i], address);
		snprintf(text + at, sizeof text - at,
		    ask->addresses[i].is_v6 ? "%c[%s]" : "%c%s", i ? ',' : ':',
		    address);
	}
	r->addresses = curl_slist_append(NULL, text);
	return r->addresses ? 0 : MC_E_TEMP;
}

static int add_post(struct request *r, const struct https_ask *ask)
{
	char header[128];
	snprintf(header, sizeof header, "Content-Type: %.*s", (int)ask->type.n,
	    ask->type.p);
	r->headers = curl_slist_append(NULL, header);
	r->post = must_alloc(ask->post.n);
	memcpy(r->post, ask->post.p, ask->post.n);
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
	curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE, (long)ask->post.n);
	curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, r->post);
	return r->headers ? 0 : MC_E_TEMP;
}

static void set_limits(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)HTTPS_TIMEOUT_S);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE, (long)HTTPS_BODY_MAX);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "mailcore");
}

static void set_trust(const struct https *h, CURL *easy)
{
	struct curl_blob ca = { h->ca, h->ca_n, CURL_BLOB_COPY };
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(
	    easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (h->ca_n)
		curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
}

static int prepare(
    const struct https *h, struct request *r, const struct https_ask *ask)
{
	char url[URL_MAX + 1];
	int error = view_to_cstr(ask->url, url, sizeof url);
	if (!error)
		error = add_addresses(r, ask);
	if (error)
		return error;
	curl_easy_setopt(r->easy, CURLOPT_URL, url);
	curl_easy_setopt(r->easy, CURLOPT_RESOLVE, r->addresses);
	curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
	curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->error);
	curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
	set_limits(r->easy);
	set_trust(h, r->easy);
	if (ask->post.n)
		return add_post(r, ask);
	return view_to_cstr(ask->type, r->type, sizeof r->type);
}

int https_start(struct https *h, const struct https_ask *ask)
{
	if (h->n_requests >= HTTPS_REQUESTS_MAX)
		return MC_E_LIMIT;
	struct request *r = MUST_NEW(struct request);
	r->https = h;
	r->id = ask->id;
	r->easy = curl_easy_init();
	buf_init(&r->body, HTTPS_BODY_MAX);
	list_push(&h->requests, &r->link);
	h->n_requests++;
	int error = r->easy ? prepare(h, r, ask) : MC_E_TEMP;
	if (!error && curl_multi_add_handle(h->multi, r->easy) != CURLM_OK)
		error = MC_E_TEMP;
	if (error)
		request_free(r);
	return error;
}
