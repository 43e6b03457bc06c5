// Says where it runs, after a thread of its own has summed squares.
#include <popcorn.h>
#include <pthread.h>
#include <stdio.h>

int sum(int n);

static void *work(void *result)
{
	*(int *)result = sum(25);
	return 0;
}

int main(void)
{
	pthread_t thread;
	int result = 0;
	if (pthread_create(&thread, 0, work, &result) || pthread_join(thread, 0))
		return 1;
	printf("%s %d\n", popcorn_current_isa(), result);
	return result != 600;
}
