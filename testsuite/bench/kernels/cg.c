// Conjugate gradients with a sparse matrix (in the manner of NAS CG): short rows, indirect loads.
#include <stdlib.h>

const int kernel_size = 14000;

/* The diagonal, and five neighbours to each side. */
#define PER_ROW 11

struct matrix {
	int n, *row, *column;
	double *value;
};

static void multiply(const struct matrix *m, const double *x, double *y)
{
	for (int i = 0; i < m->n; i++) {
		double s = 0;
		for (int k = m->row[i]; k < m->row[i + 1]; k++)
			s += m->value[k] * x[m->column[k]];
		y[i] = s;
	}
}

static double dot(int n, const double *x, const double *y)
{
	double s = 0;
	for (int i = 0; i < n; i++)
		s += x[i] * y[i];
	return s;
}

double kernel(int n)
{
	struct matrix m = {n, malloc(sizeof(int) * (n + 1)), malloc(sizeof(int) * n * PER_ROW),
			   malloc(sizeof(double) * n * PER_ROW)};
	double *x = calloc(n, sizeof(double)), *r = malloc(sizeof(double) * n);
	double *p = malloc(sizeof(double) * n), *q = malloc(sizeof(double) * n);
	int k = 0;
	for (int i = 0; i < n; i++) {
		m.row[i] = k;
		for (int j = 0; j < PER_ROW; j++, k++) {
			int far = (j + 1) / 2, offset = far * far * 13;
			m.column[k] = (j % 2 ? i + offset : i + n - offset) % n;
			m.value[k] = j == 0 ? 20 : 1.0 / far;
		}
		r[i] = p[i] = i % 7;
	}
	m.row[n] = k;
	double rho = dot(n, r, r);
	for (int step = 0; step < 30; step++) {
		multiply(&m, p, q);
		double alpha = rho / dot(n, p, q);
		for (int i = 0; i < n; i++) {
			x[i] += alpha * p[i];
			r[i] -= alpha * q[i];
		}
		double next = dot(n, r, r), beta = next / rho;
		rho = next;
		for (int i = 0; i < n; i++)
			p[i] = r[i] + beta * p[i];
	}
	double s = rho + dot(n, x, x);
	free(m.row);
	free(m.column);
	free(m.value);
	free(x);
	free(r);
	free(p);
	free(q);
	return s;
}
