// An object library of one function.
int part(int i)
{
	return i % 10;
}
