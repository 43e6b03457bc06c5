#include <pthread.h>
static pthread_t threads[4];
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER, checked;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static volatile int over, ids[4];
static void *run(void *argument)
{
	long n = (long)argument, good = 1;
	ids[n] = gettid();
	if (n == 0) {
		pthread_mutex_lock(&checked);
		while (!over) for (volatile int i = 0; i < 1000; i++) ;
		good = pthread_mutex_unlock(&checked) == 0;
	} else if (n == 1) {
		while (!over) usleep(1000);
	} else if (n == 2) {
		pthread_mutex_lock(&held);
		while (!over) pthread_cond_wait(&changed, &held);
		pthread_mutex_unlock(&held);
	} else {
		void *result;
		pthread_join(threads[0], &result);
		good = (long)result * 7;
	}
	return (void *)(ids[n] == gettid() ? good : 0);
}
static void begin(void)
{
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&checked, &a);
	for (long i = 0; i < 4; i++) pthread_create(&threads[i], 0, run, (void *)i);
}
static int end(void)
{
	void *results[4];
	pthread_mutex_lock(&held);
	over = 1;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&held);
	for (int i = 1; i < 4; i++) pthread_join(threads[i], &results[i]);
	printf("%d %ld %ld %ld\n", 1, (long)results[1], (long)results[2], (long)results[3]);
	return 42;
}
