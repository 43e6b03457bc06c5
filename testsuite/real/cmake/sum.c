// Sums squares, from the table that the generator has printed.
#include "squares.h"

int part(int i);

int sum(int n)
{
	int s = 0;
	for (int i = 0; i < n; i++)
		s += squares[part(i)];
	return s;
}
