/* Every ISA has the instruction; the intrinsic names it without naming the ISA. */

#include <math.h>

double sqrt(double x)
{
	return __builtin_elementwise_sqrt(x);
}

float sqrtf(float x)
{
	return __builtin_elementwise_sqrt(x);
}
