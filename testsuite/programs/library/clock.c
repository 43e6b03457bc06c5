// Clocks, CPU time, calendar conversions and time zones: what is measured before a move counts after it.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t which)
{
	struct timespec t;
	clock_gettime(which, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(void)
{
	long long begin[3] = {now(CLOCK_REALTIME), now(CLOCK_MONOTONIC), now(CLOCK_PROCESS_CPUTIME_ID)};
	clock_t cpu = clock();
	unsigned work = 0;
	for (int i = 0; i < 300; i++)
		work = work * 31 + (unsigned)i;
	struct timespec pause = {0, 3000000}, left;
	nanosleep(&pause, &left);
	usleep(1000);
	struct timeval tv;
	gettimeofday(&tv, 0);
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("%d %d %d %d %d %d\n", now(CLOCK_REALTIME) > begin[0], now(CLOCK_MONOTONIC) - begin[1] > 4000000,
		now(CLOCK_PROCESS_CPUTIME_ID) >= begin[2], clock() >= cpu, tv.tv_sec >= begin[0] / 1000000000,
		usage.ru_utime.tv_sec < 1000);
	setenv("TZ", "XYZ-3:30ABC,M3.2.0,M11.1.0", 1);
	tzset();
	static const time_t times[] = {0, 951782400, 1718454896, 4102444800, -86400};
	for (int i = 0; i < 5; i++) {
		struct tm utc, local;
		gmtime_r(&times[i], &utc);
		localtime_r(&times[i], &local);
		char text[80];
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %j %U", &utc);
		printf("%s %d %02d:%02d %s %d\n", text, (int)(timegm(&utc) - times[i]), local.tm_hour, local.tm_min,
			local.tm_isdst > 0 ? "dst" : "std", mktime(&local) == times[i]);
	}
	struct tm parsed = {0};
	printf("%d %d %u\n", strptime("23 Nov 2026 10:20", "%d %b %Y %H:%M", &parsed) != 0, parsed.tm_yday >= 0 ? parsed.tm_mday : 0, work);
	return 42;
}
