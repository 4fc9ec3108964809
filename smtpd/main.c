#include "smtpd/roles.h"

int main(int argc, char **argv)
{
	return proc_main(&smtpd_daemon, argc, argv);
}
