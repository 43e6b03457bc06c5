/* <fenv.h> over one neutral word: two lines of assembly per ISA read and write it. */

#include <fenv.h>
#include <features.h>

long __popcorn_fp_get(void);
void __popcorn_fp_set(long word);

int feclearexcept(int mask)
{
	__popcorn_fp_set(__popcorn_fp_get() & ~(long)(mask & FE_ALL_EXCEPT));
	return 0;
}

int feraiseexcept(int mask)
{
	__popcorn_fp_set(__popcorn_fp_get() | (mask & FE_ALL_EXCEPT));
	return 0;
}

int fetestexcept(int mask)
{
	return __popcorn_fp_get() & mask & FE_ALL_EXCEPT;
}

int fegetround(void)
{
	return __popcorn_fp_get() & FE_TOWARDZERO;
}

hidden int __fesetround(int r)
{
	__popcorn_fp_set((__popcorn_fp_get() & FE_ALL_EXCEPT) | r);
	return 0;
}

int fegetenv(fenv_t *env)
{
	env->__word = __popcorn_fp_get();
	return 0;
}

int fesetenv(const fenv_t *env)
{
	__popcorn_fp_set(env == FE_DFL_ENV ? 0 : env->__word);
	return 0;
}
