/* Calls back into Rust for each number; the process can move below. */

#ifndef __popcorn__
#error "not compiled by popcorn-cc"
#endif

long fold(const long *numbers, unsigned long count, long (*step)(long, long))
{
	long result = 0;

	for (unsigned long i = 0; i < count; i++)
		result = step(result, numbers[i]);
	return result;
}
