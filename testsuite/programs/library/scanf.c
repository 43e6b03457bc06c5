// scanf from a string, a pipe and a memory stream: every conversion, with values of each width.
#include <stdio.h>
#include <string.h>
#include <wchar.h>

int main(void)
{
	static const char *const lines[] = {"10 -20 0x1f 077 30000000000", "3.5 -1e10 0x1p4 2.25", "word [bracket] rest of it", "a,b;c 12%34"};
	int i1 = 0, i2 = 0, i3 = 0, n;
	unsigned u = 0;
	long long ll = 0;
	n = sscanf(lines[0], "%d%d%i%o%lld", &i1, &i2, &i3, &u, &ll);
	printf("%d: %d %d %d %u %lld\n", n, i1, i2, i3, u, ll);
	float f = 0;
	double d = 0, e = 0;
	long double q = 0;
	n = sscanf(lines[1], "%f %le %la %Lf", &f, &d, &e, &q);
	printf("%d: %g %g %g %Lg\n", n, (double)f, d, e, q);
	char word[20], set[20], rest[20];
	int at = -1;
	n = sscanf(lines[2], "%19s [%19[^]]] %19[a-z ]%n", word, set, rest, &at);
	printf("%d: %s|%s|%s|%d\n", n, word, set, rest, at);
	char c[3] = "";
	short s = 0;
	signed char b = 0;
	n = sscanf(lines[3], "%c,%*c;%c %hd%%%hhd", &c[0], &c[1], &s, &b);
	printf("%d: %s %d %d\n", n, c, s, b);
	char memory[400];
	memset(memory, 0, sizeof memory);
	FILE *m = fmemopen(memory, sizeof memory, "w+");
	for (int i = 0; i < 20; i++)
		fprintf(m, "%d:%x:%.2f\n", i, i * i, i / 3.0);
	rewind(m);
	int sum = 0, rows = 0, i, x;
	double y, total = 0;
	while (fscanf(m, "%d:%x:%lf", &i, &x, &y) == 3) {
		sum += i * x;
		total += y;
		rows++;
	}
	printf("%d %d %.2f\n", rows, sum, total);
	fclose(m);
	char *grown = 0;
	size_t size = 0;
	FILE *g = open_memstream(&grown, &size);
	for (int k = 0; k < 30; k++)
		fprintf(g, "%*d", k % 7, k);
	fclose(g);
	printf("%zu %s\n", size, grown);
	int a[2] = {0};
	printf("%d %d %d\n", swscanf(L"5 x7", L"%d x%d", &a[0], &a[1]), a[0], a[1]);
	return 42;
}
