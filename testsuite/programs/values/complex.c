// _Complex values as arguments, results and loop-carried state; multiplication and division.
#include <complex.h>
#include <stdio.h>

__attribute__((noinline)) static double complex f(double complex z, float complex w, int n)
{
	if (n == 0)
		return z;
	double complex r = f(z * (1 + 0.5 * I) / 1.25, w * w / 2.0f, n - 1);
	return r + w - conj(z) / 4;
}
__attribute__((noinline)) static int escape(double complex c)
{
	double complex z = 0;
	int n = 0;
	while (n < 40 && creal(z) * creal(z) + cimag(z) * cimag(z) < 4) {
		z = z * z + c;
		n++;
	}
	return n;
}

int main(void)
{
	for (int i = 0; i < 5; i++) {
		double complex z = f(1 + i * I, 0.5f - 0.25f * i * I, i + 2);
		printf("%.12g %.12g\n", creal(z), cimag(z));
	}
	for (int y = -4; y <= 4; y++) {
		for (int x = -16; x <= 6; x++)
			putchar(" .:-=+*#%@"[escape(x / 8.0 + y / 4.0 * I) / 5 % 10]);
		putchar('\n');
	}
	long double complex q = (1.5L + 2 * I) * (2 - 0.5L * I);
	printf("%g %g\n", (double)creall(q), (double)cimagl(q));
	float complex d = (1.0f + 2.0f * I) / (0.5f - 0.5f * I);
	printf("%g %g\n", (double)crealf(d), (double)cimagf(d));
	return 42;
}
