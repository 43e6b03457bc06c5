// Time goes on and never backwards across hops; calendar functions.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	int ok = 1;
	struct timespec last, now;
	clock_gettime(CLOCK_MONOTONIC, &last);
	time_t start = time(0);
	for (int i = 0; i < 30; i++) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		ok &= now.tv_sec > last.tv_sec || (now.tv_sec == last.tv_sec && now.tv_nsec >= last.tv_nsec);
		last = now;
	}
	ok &= time(0) >= start;
	struct timeval tv;
	ok &= gettimeofday(&tv, 0) == 0 && tv.tv_sec >= start;
	struct timespec pause = {0, 2000000}, before;
	clock_gettime(CLOCK_MONOTONIC, &before);
	nanosleep(&pause, 0);
	clock_gettime(CLOCK_MONOTONIC, &now);
	ok &= (now.tv_sec - before.tv_sec) * 1000000000l + now.tv_nsec - before.tv_nsec >= 2000000;
	char buf[100];
	for (time_t t = 0; t < 2000000000; t += 333333333) {
		struct tm *tm = gmtime(&t);
		strftime(buf, sizeof buf, "%Y-%m-%d %H:%M:%S %j %a", tm);
		printf("%s %d\n", buf, timegm(tm) == t);
	}
	struct tm day = {.tm_year = 100, .tm_mon = 13, .tm_mday = 35};
	timegm(&day);
	printf("%d-%d-%d %d\n", day.tm_year, day.tm_mon, day.tm_mday, day.tm_wday);
	printf("%d\n", ok);
	return ok ? 42 : 1;
}
