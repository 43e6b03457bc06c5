// Wide and multibyte characters: conversion with shift state kept across moves, classes, iconv, wide streams.
#include <iconv.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

int main(void)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	const char *text = "na\u00efve \u20ac5 \u4e2d\u6587 \U0001f37f.";
	mbstate_t state;
	memset(&state, 0, sizeof state);
	wchar_t wide[40], c;
	size_t n = 0, used;
	for (const char *p = text; *p; p++) { /* a byte at a time: characters are cut by moves */
		used = mbrtowc(&c, p, 1, &state);
		if (used == (size_t)-1)
			return 2;
		if (used != (size_t)-2)
			wide[n++] = c;
	}
	wide[n] = 0;
	printf("%zu %zu %d\n", strlen(text), wcslen(wide), mbsinit(&state) != 0);
	for (size_t i = 0; i < n; i++)
		printf("%x%s ", (unsigned)wide[i], iswalpha((wint_t)wide[i]) ? "a" : iswspace((wint_t)wide[i]) ? "s" : "");
	char back[100];
	printf("\n%zu %d\n", wcstombs(back, wide, sizeof back), strcmp(back, text));
	wchar_t line[60];
	int m = swprintf(line, 60, L"%ls|%d|%5.2f|%s|%lc", L"wide", 42, 2.5, "narrow", (wint_t)L'\u20ac');
	printf("%d %ls %ls\n", m, line, wcsstr(line, L"42"));
	printf("%ld %.3f %d\n", wcstol(L"-123x", 0, 10), wcstod(L"2.5e2", 0), wcscmp(L"abc", L"abd") < 0);
	iconv_t to = iconv_open("UTF-16LE", "UTF-8"), from = iconv_open("ISO-8859-1", "UTF-8");
	if (to == (iconv_t)-1 || from == (iconv_t)-1)
		return 3;
	char in[] = "\u00e9t\u00e9 \U0001f37f", out[40], *ip = in, *op = out;
	size_t il = strlen(in), ol = sizeof out;
	size_t r = iconv(to, &ip, &il, &op, &ol);
	printf("%zu %zu:", r, sizeof out - ol);
	for (char *p = out; p < op; p++)
		printf(" %02x", (unsigned char)*p);
	char in2[] = "\u00fcber", *ip2 = in2, *op2 = out;
	il = strlen(in2), ol = sizeof out;
	r = iconv(from, &ip2, &il, &op2, &ol);
	printf("\n%zu %zu %02x\n", r, sizeof out - ol, (unsigned char)out[0]);
	iconv_close(to);
	iconv_close(from);
	return 42;
}
