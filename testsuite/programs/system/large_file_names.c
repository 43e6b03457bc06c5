// The names that end in 64 are declared for _GNU_SOURCE, as with x86-64's usual C library: a configure
// script finds `open64` in libc, and the program then uses its relatives.

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	FILE *file = tmpfile();
	off64_t far = 5000000000;
	printf("%d %lld\n", ftruncate64(fileno(file), far), (long long)lseek64(fileno(file), 0, SEEK_END));
	struct stat64 status;
	printf("%d %lld\n", fstat64(fileno(file), &status), (long long)status.st_size);

	int fd = open64("/dev/null", O_RDONLY);
	printf("%d\n", fd >= 0 && stat64("/dev/null", &status) == 0 && S_ISCHR(status.st_mode));

	DIR *directory = opendir("/");
	struct dirent64 *entry;
	int dots = 0;
	while ((entry = readdir64(directory)) != NULL)
		dots += entry->d_name[0] == '.' && (entry->d_name[1] == 0 || (entry->d_name[1] == '.' && entry->d_name[2] == 0));
	closedir(directory);
	printf("%d\n", dots);
	return 42;
}
