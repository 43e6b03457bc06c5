/* Calls linear.f90 and prints what it gives, bit by bit where it matters. */

#include <complex.h>
#include <stdio.h>

enum { N = 12, POINTS = 32 };

extern int linear_swaps;
extern struct { int longest; } record_;
void linear_factor(int n, double *a, int *pivot, int *info);
void linear_solve(int n, const double *a, const int *pivot, double *b);
void linear_fourier(int n, double complex *x, const double complex *root);
double linear_integral(double (*f)(double, double), int n);
void multiply_(const int *m, const int *n, const int *k, const double *a, const double *b, double *c);
int steps_(const int *start);

static unsigned seed = 1;

static double draw(void)
{
	seed = seed * 1103515245u + 12345u;
	return (int)(seed >> 8 & 0xffff) / 4096.0 - 8;
}

static double hill(double x, double y)
{
	return x * (1 - x) * y * (1 - y) * 16;
}

static void equations(void)
{
	const int n = N, one = 1;
	double a[N * N], kept[N * N], b[N], x[N], back[N];
	int pivot[N], info;

	for (int i = 0; i < N * N; i++)
		kept[i] = a[i] = draw();
	for (int i = 0; i < N; i++)
		x[i] = b[i] = draw();
	linear_factor(N, a, pivot, &info);
	linear_solve(N, a, pivot, x);
	multiply_(&n, &one, &n, kept, x, back);
	printf("info %d swaps %d\n", info, linear_swaps);
	for (int i = 0; i < N; i++)
		printf("%d %a %s\n", pivot[i], x[i], __builtin_fabs(back[i] - b[i]) < 1e-9 ? "ok" : "wrong");
	for (int i = 0; i < N; i++)
		a[i * N + 3] = a[i * N + 7] = i;
	linear_factor(N, a, pivot, &info);
	printf("singular at %d\n", info);
}

static void transform(void)
{
	/* The 32nd root of unity, halved down from -1. */
	double complex x[POINTS], root = I;
	for (int n = 4; n < POINTS; n *= 2) {
		double c = __builtin_sqrt((1 + creal(root)) / 2);
		root = c + I * cimag(root) / (2 * c);
	}
	for (int i = 0; i < POINTS; i++)
		x[i] = draw() + I * draw();
	linear_fourier(POINTS, x, &root);
	for (int i = 0; i < POINTS; i++)
		printf("%a %a\n", creal(x[i]), cimag(x[i]));
}

int main(void)
{
	int most = 0;

	equations();
	transform();
	printf("%a\n", linear_integral(hill, 20));
	for (int i = 1; i <= 60; i++)
		most = steps_(&i) > most ? steps_(&i) : most;
	printf("%d %d\n", most, record_.longest);
	return 42;
}
