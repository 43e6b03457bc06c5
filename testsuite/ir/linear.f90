! Linear algebra without I/O or allocation, so without Fortran's run-time library: what scientific programs
! call from C. Matrices are explicit-shape, kinds are those of C, names those of bind(c) or a trailing underscore.
module linear
  use, intrinsic :: iso_c_binding, only: c_double, c_int, c_double_complex
  implicit none
  integer(c_int), bind(c, name="linear_swaps") :: swaps = 0
contains

  ! Factors a into lower and upper triangle in place, with partial pivoting. info: 0, or the column that is singular.
  subroutine factor(n, a, pivot, info) bind(c, name="linear_factor")
    integer(c_int), value :: n
    real(c_double), intent(inout) :: a(n, n)
    integer(c_int), intent(out) :: pivot(n), info
    integer(c_int) :: i, j, k, best
    real(c_double) :: row(n)

    info = 0
    do k = 1, n
      best = k
      do i = k + 1, n
        if (abs(a(i, k)) > abs(a(best, k))) best = i
      end do
      pivot(k) = best
      if (a(best, k) == 0) then
        info = k
        return
      end if
      if (best /= k) then
        swaps = swaps + 1
        do j = 1, n
          row(j) = a(k, j)
          a(k, j) = a(best, j)
          a(best, j) = row(j)
        end do
      end if
      do i = k + 1, n
        a(i, k) = a(i, k) / a(k, k)
      end do
      do j = k + 1, n
        do i = k + 1, n
          a(i, j) = a(i, j) - a(i, k) * a(k, j)
        end do
      end do
    end do
  end subroutine factor

  ! Solves a x = b with what factor made of a; x replaces b.
  subroutine solve(n, a, pivot, b) bind(c, name="linear_solve")
    integer(c_int), value :: n
    real(c_double), intent(in) :: a(n, n)
    integer(c_int), intent(in) :: pivot(n)
    real(c_double), intent(inout) :: b(n)
    real(c_double) :: swap
    integer(c_int) :: i, k

    do k = 1, n
      swap = b(pivot(k))
      b(pivot(k)) = b(k)
      b(k) = swap
    end do
    do k = 1, n
      do i = k + 1, n
        b(i) = b(i) - a(i, k) * b(k)
      end do
    end do
    do k = n, 1, -1
      b(k) = b(k) / a(k, k)
      do i = 1, k - 1
        b(i) = b(i) - a(i, k) * b(k)
      end do
    end do
  end subroutine solve

  ! The discrete Fourier transform of x, whose length is a power of two, by halves.
  recursive subroutine fourier(n, x, root) bind(c, name="linear_fourier")
    integer(c_int), value :: n
    complex(c_double_complex), intent(inout) :: x(n)
    complex(c_double_complex), intent(in) :: root
    complex(c_double_complex) :: even(n/2), odd(n/2), twiddle
    integer(c_int) :: k

    if (n == 1) return
    do k = 1, n / 2
      even(k) = x(2*k - 1)
      odd(k) = x(2*k)
    end do
    call fourier(n / 2, even, root * root)
    call fourier(n / 2, odd, root * root)
    twiddle = (1.0d0, 0.0d0)
    do k = 1, n / 2
      x(k) = even(k) + twiddle * odd(k)
      x(k + n/2) = even(k) - twiddle * odd(k)
      twiddle = twiddle * root
    end do
  end subroutine fourier

  ! The sum of f over a grid: a callback into C from the innermost of two loops.
  function integral(f, n) bind(c, name="linear_integral") result(total)
    interface
      function f(x, y) bind(c)
        import c_double
        real(c_double), value :: x, y
        real(c_double) :: f
      end function f
    end interface
    integer(c_int), value :: n
    real(c_double) :: total
    integer(c_int) :: i, j

    total = 0
    do j = 1, n
      do i = 1, n
        total = total + f((i - 0.5d0) / n, (j - 0.5d0) / n)
      end do
    end do
    total = total / (n * n)
  end function integral
end module linear

! Multiplies, with a name as Fortran gives it by itself: c = a b.
subroutine multiply(m, n, k, a, b, c)
  implicit none
  integer, intent(in) :: m, n, k
  real(8), intent(in) :: a(m, k), b(k, n)
  real(8), intent(out) :: c(m, n)
  integer :: i, j, l

  do j = 1, n
    do i = 1, m
      c(i, j) = 0
    end do
    do l = 1, k
      do i = 1, m
        c(i, j) = c(i, j) + a(i, l) * b(l, j)
      end do
    end do
  end do
end subroutine multiply

! Numbers in order; an integer function without an interface, with a common block and a computed branch.
integer function steps(start)
  implicit none
  integer, intent(in) :: start
  integer(8) :: n
  integer :: longest
  common /record/ longest

  n = start
  steps = 0
  do while (n /= 1)
    select case (mod(n, 2_8))
    case (0)
      n = n / 2
    case default
      n = 3 * n + 1
    end select
    steps = steps + 1
  end do
  longest = max(longest, steps)
end function steps
