// stdio's own state: ungetc, positions, buffers of every kind, temporary files, printing with a callback stream.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	char mine[64], line[80];
	FILE *f = fopen("data", "w+");
	setvbuf(f, mine, _IOFBF, sizeof mine);
	for (int i = 0; i < 60; i++)
		fprintf(f, "line %d of the file\n", i);
	fpos_t tenth;
	rewind(f);
	for (int i = 0; i < 10; i++)
		fgets(line, sizeof line, f);
	fgetpos(f, &tenth);
	long at = ftell(f);
	int c = fgetc(f);
	ungetc('L', f);
	fgets(line, sizeof line, f);
	printf("%c %s %ld", c, line, at);
	fseek(f, -20, SEEK_END);
	printf(" %s", fgets(line, sizeof line, f));
	fsetpos(f, &tenth);
	fputs("REPLACED", f);
	fflush(f);
	fseek(f, at, SEEK_SET);
	fgets(line, sizeof line, f);
	printf("%s", line);
	char *grown = 0;
	size_t room = 0;
	int n = 0;
	while (getline(&grown, &room, f) > 0)
		n += (int)strlen(grown) + !!strstr(grown, "42");
	printf("%d %d %d\n", n, feof(f) != 0, ferror(f));
	free(grown);
	fclose(f);
	FILE *t = tmpfile();
	unsigned numbers[100], back[100];
	for (unsigned i = 0; i < 100; i++)
		numbers[i] = i * i * 77;
	size_t wrote = fwrite(numbers, sizeof *numbers, 100, t);
	rewind(t);
	size_t got = fread(back, sizeof *back, 70, t) + fread(back + 70, 1, 120, t) / 4;
	printf("%zu %zu %d\n", wrote, got, memcmp(numbers, back, sizeof back));
	fclose(t);
	FILE *unbuffered = fopen("data", "r+b");
	setvbuf(unbuffered, 0, _IONBF, 0);
	while ((c = getc(unbuffered)) != '\n')
		putchar(c);
	printf("\n%d %d\n", freopen("data", "r", unbuffered) != 0, getc(unbuffered));
	fclose(unbuffered);
	perror(0);
	return remove("data") ? 1 : 42;
}
