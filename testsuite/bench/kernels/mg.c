// A multigrid V-cycle on a cube (in the manner of NAS MG): stencils on grids of all sizes, recursion.
#include <math.h>
#include <stdlib.h>

const int kernel_size = 32;

/* One level: unknown, right-hand side and residual on (n + 1)^3 points, the boundary included. */
struct grid {
	int n;
	double *u, *f, *r;
	struct grid *coarse;
};

static int at(int n, int i, int j, int k)
{
	return (i * (n + 1) + j) * (n + 1) + k;
}

static struct grid *make(int n)
{
	struct grid *g = malloc(sizeof *g);
	size_t points = (size_t)(n + 1) * (n + 1) * (n + 1);
	*g = (struct grid){n, calloc(points, 8), calloc(points, 8), calloc(points, 8), 0};
	if (n > 2)
		g->coarse = make(n / 2);
	return g;
}

static void destroy(struct grid *g)
{
	if (!g)
		return;
	destroy(g->coarse);
	free(g->u);
	free(g->f);
	free(g->r);
	free(g);
}

static void residual(struct grid *g)
{
	int n = g->n, y = n + 1, z = y * y;
	for (int i = 1; i < n; i++)
		for (int j = 1; j < n; j++)
			for (int k = 1; k < n; k++) {
				int p = at(n, i, j, k);
				const double *u = g->u + p;
				g->r[p] = g->f[p] - (6 * u[0] - u[-1] - u[1] - u[-y] - u[y] - u[-z] - u[z]);
			}
}

/* A damped Jacobi step. */
static void smooth(struct grid *g)
{
	residual(g);
	int n = g->n;
	for (int i = 1; i < n; i++)
		for (int j = 1; j < n; j++)
			for (int k = 1; k < n; k++)
				g->u[at(n, i, j, k)] += g->r[at(n, i, j, k)] * (0.8 / 6);
}

static void cycle(struct grid *g)
{
	for (int i = 0; i < 3; i++)
		smooth(g);
	struct grid *c = g->coarse;
	if (!c)
		return;
	residual(g);
	for (int i = 1; i < c->n; i++)
		for (int j = 1; j < c->n; j++)
			for (int k = 1; k < c->n; k++) {
				int p = at(c->n, i, j, k);
				c->f[p] = 4 * g->r[at(g->n, 2 * i, 2 * j, 2 * k)];
				c->u[p] = 0;
			}
	cycle(c);
	for (int i = 1; i < g->n; i++)
		for (int j = 1; j < g->n; j++)
			for (int k = 1; k < g->n; k++)
				g->u[at(g->n, i, j, k)] += 0.5 * c->u[at(c->n, i / 2, j / 2, k / 2)];
	for (int i = 0; i < 3; i++)
		smooth(g);
}

double kernel(int n)
{
	struct grid *g = make(n);
	for (int i = 1; i < n; i++)
		for (int j = 1; j < n; j++)
			for (int k = 1; k < n; k++)
				g->f[at(n, i, j, k)] = (i * 3 + j * 5 + k * 7) % 11 - 5;
	for (int round = 0; round < 12; round++)
		cycle(g);
	residual(g);
	double s = 0;
	for (int i = 0; i <= at(n, n, n, n); i++)
		s += fabs(g->r[i]) + g->u[i];
	destroy(g);
	return s;
}
