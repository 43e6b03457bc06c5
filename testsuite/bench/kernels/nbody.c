// Bodies under gravity: floating point with short inner loops.
const int kernel_size = 30000;

struct body {
	double x[3], v[3], m;
};
#define N 8
static struct body bodies[N];

static void step(struct body *b, int n, double dt)
{
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++) {
			double d[3], d2 = 0.01;
			for (int k = 0; k < 3; k++) {
				d[k] = b[i].x[k] - b[j].x[k];
				d2 += d[k] * d[k];
			}
			double mag = dt / (d2 * __builtin_sqrt(d2));
			for (int k = 0; k < 3; k++) {
				b[i].v[k] -= d[k] * b[j].m * mag;
				b[j].v[k] += d[k] * b[i].m * mag;
			}
		}
	for (int i = 0; i < n; i++)
		for (int k = 0; k < 3; k++)
			b[i].x[k] += dt * b[i].v[k];
}

double kernel(int steps)
{
	for (int i = 0; i < N; i++)
		for (int k = 0; k < 3; k++) {
			bodies[i].x[k] = (i * 7 + k * 3) % 11 - 5;
			bodies[i].v[k] = ((i + k) % 3 - 1) * 0.1;
			bodies[i].m = 1.0 / (i + 1);
		}
	for (int s = 0; s < steps; s++)
		step(bodies, N, 0.001);
	double e = 0;
	for (int i = 0; i < N; i++)
		for (int k = 0; k < 3; k++)
			e += bodies[i].m * bodies[i].v[k] * bodies[i].v[k];
	return e;
}
