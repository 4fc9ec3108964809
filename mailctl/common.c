/* What the commands share: errors, tables, passwords, where things are. */
#include "base/chars.h"
#include "mailctl/command.h"
#include "text/codec.h"
#include "text/path.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

int complain(int code, const char *format, ...)
{
	va_list args;
	fflush(stdout);
	fputs("mailctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return code;
}

int exit_code_of(int error)
{
	switch (error) {
	case 0:
		return 0;
	case MC_E_NOENT:
		return EX_NOUSER;
	case MC_E_EXISTS:
	case MC_E_BAD:
	case MC_E_LIMIT:
		return EX_DATAERR;
	case MC_E_FULL:
	case MC_E_TEMP:
	case MC_E_BUSY:
	case MC_E_AGAIN:
		return EX_TEMPFAIL;
	case -EACCES:
	case -EPERM:
		return EX_NOPERM;
	default:
		return EX_UNAVAILABLE;
	}
}

int read_configuration(struct mailctl *m)
{
	char file[4096];
	struct buf errors;
	if (!m->file && conf_default_file(m->prefix, file, sizeof file) != 0)
		return complain(EX_CONFIG, "the prefix is too long");
	if (!m->file)
		m->file = file;
	buf_init(&errors, 1 << 20);
	int error = conf_read(m->file, m->prefix, &m->conf, &errors);
	struct view text = buf_view(&errors);
	if (error && text.n)
		fwrite(text.p, 1, text.n, stderr);
	buf_deinit(&errors);
	if (m->file == file)
		m->file = NULL;
	return error ? EX_CONFIG : 0;
}

json_t *json_of_text(const char *s)
{
	return json_of_view(view_of(s));
}

/* JSON wants UTF-8, mail may be anything: what is not gets U+FFFD. */
json_t *json_of_view(struct view v)
{
	struct buf repaired;
	if (utf8_is_valid(v))
		return json_stringn(v.p ? v.p : "", v.n);
	buf_init(&repaired, v.n * 3 + 16);
	utf8_repair(v, &repaired);
	v = buf_view(&repaired);
	json_t *text = json_stringn(v.p ? v.p : "", v.n);
	buf_deinit(&repaired);
	return text;
}

json_t *json_of_time(uint64_t time_s)
{
	time_t t = (time_t)time_s;
	struct tm tm;
	char text[32];
	if (!time_s || !gmtime_r(&t, &tm) ||
	    !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return json_null();
	return json_string(text);
}

/* A cell, fit for a terminal. */
static void cell(json_t *value, char *out, size_t cap)
{
	if (json_is_string(value))
		snprintf(out, cap, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(
		    out, cap, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		snprintf(out, cap, "%s", json_is_true(value) ? "yes" : "no");
	else
		out[0] = '\0';
	for (char *p = out; *p; p++)
		if (char_is(*p, CHAR_CTL))
			*p = '?';
	if (!*out)
		snprintf(out, cap, "-");
}

/* Columns on a terminal: each UTF-8 character counts as one. */
static int width_of(const char *s)
{
	int n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void print_cell(const char *s, int width, bool right, bool last)
{
	int pad = width - width_of(s);
	if (right)
		printf("%*s%s", pad, "", s);
	else
		printf("%s%*s", s, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", stdout);
}

static int column_width(json_t *rows, const struct column *column)
{
	int width = width_of(column->title);
	size_t i;
	json_t *row;
	char text[1024];
	json_array_foreach(rows, i, row)
	{
		cell(json_object_get(row, column->key), text, sizeof text);
		if (width_of(text) > width)
			width = width_of(text);
	}
	return width;
}

enum {
	COLUMNS_MAX = 16
};

static void print_table(json_t *rows, const struct column *columns, size_t n)
{
	int widths[COLUMNS_MAX];
	size_t i;
	json_t *row;
	char text[1024];
	for (size_t k = 0; k < n; k++)
		widths[k] = column_width(rows, &columns[k]);
	for (size_t k = 0; k < n; k++)
		print_cell(
		    columns[k].title, widths[k], columns[k].right, k + 1 == n);
	json_array_foreach(rows, i, row)
	{
		for (size_t k = 0; k < n; k++) {
			cell(json_object_get(row, columns[k].key), text,
			    sizeof text);
			print_cell(
			    text, widths[k], columns[k].right, k + 1 == n);
		}
	}
}

int print_rows(const struct mailctl *m, json_t *rows,
    const struct column *columns, size_t n)
{
	int code = 0;
	if (!m->json) {
		if (json_array_size(rows))
			print_table(
			    rows, columns, n < COLUMNS_MAX ? n : COLUMNS_MAX);
	} else if (json_dumpf(rows, stdout, JSON_INDENT(2)) != 0) {
		code = complain(EX_SOFTWARE, "cannot write JSON");
	} else {
		putchar('\n');
	}
	json_decref(rows);
	return code;
}

/* One line of f without its end. */
static int read_line(FILE *f, struct secret *out)
{
	char line[SECRET_MAX + 3];
	bool got = fgets(line, sizeof line, f) != NULL;
	size_t n = got ? strlen(line) : 0;
	if (n && line[n - 1] == '\n')
		n--;
	if (n && line[n - 1] == '\r')
		n--;
	int error = got ? secret_set(out, (struct view){ line, n }) : MC_E_BAD;
	secret_wipe(line, sizeof line);
	return error;
}

static int ask(FILE *tty, const char *prompt, struct secret *out)
{
	struct termios old, quiet;
	int fd = fileno(tty);
	if (tcgetattr(fd, &old) != 0)
		return -errno;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fputs(prompt, tty);
	fflush(tty);
	if (tcsetattr(fd, TCSAFLUSH, &quiet) != 0)
		return -errno;
	int error = read_line(tty, out);
	tcsetattr(fd, TCSAFLUSH, &old);
	fputc('\n', tty);
	fflush(tty);
	return error;
}

static int ask_twice(struct secret *out)
{
	struct secret again = { .n = 0 };
	FILE *tty = fopen("/dev/tty", "r+");
	if (!tty)
		return complain(EX_NOINPUT, "no terminal to ask on");
	setvbuf(tty, NULL, _IONBF, 0); /* it would keep the password */
	int error = ask(tty, "New password: ", out);
	if (!error)
		error = ask(tty, "Again: ", &again);
	bool same = secret_eq(secret_view(out), secret_view(&again));
	secret_deinit(&again);
	fclose(tty);
	if (error)
		return complain(EX_NOINPUT, "no password was given");
	return same ? 0 : complain(EX_DATAERR, "the passwords differ");
}

int read_password(struct secret *out)
{
	if (isatty(STDIN_FILENO))
		return ask_twice(out);
	setvbuf(stdin, NULL, _IONBF, 0);
	if (read_line(stdin, out) != 0)
		return complain(EX_NOINPUT, "no password on standard input");
	return 0;
}

char *accounts_dir(const struct mailctl *m, char *out, size_t cap)
{
	snprintf(out, cap, "%s/accounts", m->conf->state_dir);
	return out;
}

/* Group of the auth roles; -1 when everything is one user's. */
static int64_t auth_gid(const struct mailctl *m)
{
	if (geteuid() != 0 || m->conf->isolation == ISOLATION_NONE)
		return -1;
	const struct passwd *pw = getpwnam(m->conf->user_auth);
	return pw ? (int64_t)pw->pw_gid : -1;
}

static int make_dir(const char *path, mode_t mode, int64_t gid)
{
	if (mkdir(path, mode) != 0)
		return errno == EEXIST ? 0 : -errno;
	if (gid >= 0 && chown(path, (uid_t)-1, (gid_t)gid) != 0)
		return -errno;
	return 0;
}

/* state_dir and accounts; the first mailctl may come before any daemon. */
static int make_dirs(const struct mailctl *m, const char *dir, int64_t gid)
{
	char part[4096];
	size_t n = strlen(m->conf->state_dir);
	for (size_t i = 1; i <= n && n < sizeof part; i++) {
		if (i < n && m->conf->state_dir[i] != '/')
			continue;
		memcpy(part, m->conf->state_dir, i);
		part[i] = '\0';
		int error = make_dir(part, 0755, -1);
		if (error)
			return error;
	}
	return make_dir(dir, 0750, gid);
}

int take_domain(const char *text, char out[ACCOUNT_DOMAIN_MAX + 1])
{
	return domain_is_valid(view_of(text), true) &&
		       domain_canonical(view_of(text), out) == 0
		   ? 0
		   : complain(EX_DATAERR, "\"%s\" is not a domain name", text);
}

int open_accounts(const struct mailctl *m, bool write, struct account_db **out)
{
	char dir[4096];
	int64_t gid = auth_gid(m);
	accounts_dir(m, dir, sizeof dir);
	int error = write ? make_dirs(m, dir, gid) : 0;
	if (error)
		return complain(EX_CANTCREAT, "%s: %s", dir, err_text(error));
	error = account_db_open(dir, write, gid, out);
	if (error && write && error != -EACCES)
		return complain(EX_CANTCREAT, "%s/%s: %s", dir, ACCOUNT_DB_FILE,
		    err_text(error));
	if (error && error != MC_E_NOENT)
		return complain(exit_code_of(error), "%s/%s: %s", dir,
		    ACCOUNT_DB_FILE, err_text(error));
	return error ? EX_NOUSER : 0; /* none yet: nobody is there */
}
