#include "store/kv/kv_fs.h"
#include <errno.h>
#include <sys/statvfs.h>
#if defined(__linux__)
#include <sys/vfs.h>
#else
#include <sys/mount.h>
#include <sys/param.h>
#endif

#if defined(__linux__)
bool fs_is_remote(int fd)
{
	/* statfs(2); those of linux/magic.h that are served by a host. */
	static const uint32_t remote[] = {
		0x6969,     /* nfs */
		0x517B,     /* smb */
		0xFE534D42, /* smb2 */
		0xFF534D42, /* cifs */
		0x5346414F, /* afs */
		0x6B414653, /* kafs */
		0x73757245, /* coda */
		0x564C,     /* ncp */
		0x00C36400, /* ceph */
		0x7461636F, /* ocfs2 */
		0x01161970, /* gfs2 */
		0x0BD00BD0, /* lustre */
		0x47504653, /* gpfs */
		0xAAD7AAEA, /* panfs */
	};
	struct statfs st;
	if (fstatfs(fd, &st) != 0)
		return false;
	for (unsigned i = 0; i < sizeof remote / sizeof remote[0]; i++)
		if ((uint32_t)st.f_type == remote[i])
			return true;
	return false;
}
#else
bool fs_is_remote(int fd)
{
	struct statfs st;
	return fstatfs(fd, &st) == 0 && !(st.f_flags & MNT_LOCAL);
}
#endif

int fs_free_bytes(int fd, uint64_t *out)
{
	struct statvfs st;
	if (fstatvfs(fd, &st) != 0)
		return -errno;
	*out = (uint64_t)st.f_bavail * st.f_frsize;
	return 0;
}
