// Fast Fourier transform, radix 2, in place (in the manner of NAS FT).
#include <math.h>
#include <stdlib.h>

const int kernel_size = 1 << 15;

static void reverse_bits(int n, double *re, double *im)
{
	for (int i = 1, j = 0; i < n; i++) {
		int bit = n >> 1;
		for (; j & bit; bit >>= 1)
			j ^= bit;
		j ^= bit;
		if (i < j) {
			double t = re[i];
			re[i] = re[j];
			re[j] = t;
			t = im[i];
			im[i] = im[j];
			im[j] = t;
		}
	}
}

static void transform(int n, double *re, double *im, double sign)
{
	reverse_bits(n, re, im);
	for (int half = 1; half < n; half *= 2) {
		double angle = sign * 3.14159265358979323846 / half;
		double wr = cos(angle), wi = sin(angle);
		for (int i = 0; i < n; i += 2 * half) {
			double cr = 1, ci = 0;
			for (int k = i; k < i + half; k++) {
				double vr = re[k + half] * cr - im[k + half] * ci;
				double vi = re[k + half] * ci + im[k + half] * cr;
				re[k + half] = re[k] - vr;
				im[k + half] = im[k] - vi;
				re[k] += vr;
				im[k] += vi;
				double t = cr * wr - ci * wi;
				ci = cr * wi + ci * wr;
				cr = t;
			}
		}
	}
}

double kernel(int n)
{
	double *re = malloc(sizeof(double) * n), *im = calloc(n, sizeof(double));
	for (int i = 0; i < n; i++)
		re[i] = (i * 37) % 101;
	for (int round = 0; round < 4; round++) {
		transform(n, re, im, 1);
		for (int i = 0; i < n; i++) {
			re[i] /= n;
			im[i] *= 0.9 / n;
		}
		transform(n, re, im, -1);
	}
	double s = 0;
	for (int i = 0; i < n; i++)
		s += fabs(re[i]) + fabs(im[i]);
	free(re);
	free(im);
	return s;
}
