/* Those of the names in glibc.c that call back. What the callers' headers say differs from ours for walks of
 * a directory tree: the kinds of entries count from 0 there, from 1 here. */

#define _GNU_SOURCE
#include <features.h>
#undef _LARGEFILE64_SOURCE /* with it, headers make these names macros */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <glob.h>

typedef int visit_tree(const char *path, const struct stat *st, int kind, struct FTW *where);
typedef int visit_file(const char *path, const struct stat *st, int kind);

/* Of the innermost walk under way. */
static _Thread_local visit_tree *tree;
static _Thread_local visit_file *file;

/* What the walker calls may walk as well, and may leave its own walk by longjmp. */
static int tree_entry(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	visit_tree *ours = tree;
	int result = ours(path, st, kind - FTW_F, where);
	tree = ours;
	return result;
}

static int file_entry(const char *path, const struct stat *st, int kind)
{
	visit_file *ours = file;
	int result = ours(path, st, kind - FTW_F);
	file = ours;
	return result;
}

int nftw64(const char *path, visit_tree *visit, int descriptors, int flags)
{
	if (flags & ~(FTW_PHYS | FTW_MOUNT | FTW_CHDIR | FTW_DEPTH)) {
		errno = EINVAL;
		return -1;
	}
	visit_tree *outer = tree;
	tree = visit;
	int result = nftw(path, tree_entry, descriptors, flags);
	tree = outer;
	return result;
}

int ftw64(const char *path, visit_file *visit, int descriptors)
{
	visit_file *outer = file;
	file = visit;
	int result = ftw(path, file_entry, descriptors);
	file = outer;
	return result;
}

int scandir64(const char *path, struct dirent ***list, int (*wanted)(const struct dirent *),
	int (*compare)(const struct dirent **, const struct dirent **))
{
	return scandir(path, list, wanted, compare);
}

/* Flags that only the other library knows: the caller's own directory functions, braces, and names that
 * stand for themselves if they are no pattern. */
enum { UNKNOWN_TO_GLOB = 1 << 9 | 1 << 10 | 1 << 11 };

int glob64(const char *pattern, int flags, int (*failed)(const char *, int), glob_t *paths)
{
	return flags & UNKNOWN_TO_GLOB ? GLOB_NOSYS : glob(pattern, flags, failed, paths);
}
