/* Passes migration points until it is killed. */
int main(void)
{
	for (volatile unsigned long n = 1; n; n++)
		;
	return 0;
}
