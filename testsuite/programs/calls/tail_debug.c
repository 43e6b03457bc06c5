// A tail call behind a migration point, with debugging information.
//#Flags: -g
int g(int *a, int b);

__attribute__((noinline)) int f(int *a, int b)
{
	a[0] += b;
	return g(a, b - 1);
}

__attribute__((noinline)) int g(int *a, int b)
{
	if (b < 0)
		return a[0];
	a[1] ^= b;
	return f(a, b);
}

int main(void)
{
	int a[2] = { 0, 0 };

	return f(a, 8) == 36 ? 42 : 1;
}
